//! The dialogs about one key, as pages and as forms posted without scripts.

use super::{Keys, answer, draw_again, fresh, row};
use crate::{
    api::{
        form::FormState,
        keys::{DeleteKey, ReissueSecret, RevokeKey, RotateKey},
    },
    domain::role::Action,
    server::{
        http::{fields, pages, refusal},
        service::{
            self, ServiceError,
            keys::Revealed,
            retirement,
            rotation::{self, RotateForm},
        },
    },
    ui::pages::keys::{Ask, KeyDialog, QuestionData},
};
use axum::{
    extract::Request,
    response::{IntoResponse, Redirect, Response},
};
use serde::de::DeserializeOwned;

/// What the dialog of this name asks for.
pub fn action(dialog: &str) -> Option<Action> {
    match dialog {
        "reissue" => Some(Action::ReissueSecret),
        "rotate" => Some(Action::RotateKey),
        "revoke" => Some(Action::RevokeKey),
        "delete" => Some(Action::DeleteKey),
        _ => None,
    }
}

/// The dialog about a key, and the form of `Add API key` behind it.
pub async fn open(
    keys: &Keys,
    action: Action,
    id: &str,
    form: FormState,
) -> Result<(KeyDialog, FormState), ServiceError> {
    let app = keys.app();
    let key = service::keys::find(app, &keys.reader, id).await?;
    let ask = match action {
        Action::RotateKey => {
            let stops = rotation::stops(app, &keys.reader, &key).await?;
            Ask::Rotate(stops.map(|older| older.prefix))
        }
        Action::RevokeKey => Ask::Revoke,
        Action::DeleteKey => Ask::Delete(retirement::log_rows(app, &keys.reader, &key).await?),
        Action::SeeKeys | Action::CreateKey | Action::ReissueSecret => Ask::Reissue,
    };
    let key = row(app, key, app.now(), "");
    Ok((
        KeyDialog::Question(Box::new(QuestionData { ask, key, form })),
        fresh(app),
    ))
}

/// Does what the posted form asks for.
pub async fn submit(keys: &Keys, action: Action, request: Request) -> Response {
    let answered = match action {
        Action::RotateKey => rotate(keys, request).await,
        Action::RevokeKey => revoke(keys, request).await,
        Action::DeleteKey => delete(keys, request).await,
        Action::SeeKeys | Action::CreateKey | Action::ReissueSecret => reissue(keys, request).await,
    };
    answered.unwrap_or_else(|response| response)
}

async fn read<T: DeserializeOwned>(request: Request) -> Result<T, Response> {
    fields::read(request).await
}

async fn reissue(keys: &Keys, request: Request) -> Result<Response, Response> {
    let form: ReissueSecret = read(request).await?;
    let made = async {
        let manager = keys
            .reader
            .key_manager(Action::ReissueSecret, &keys.visit.trace)?;
        service::keys::reissue(keys.app(), &manager, &form.key, &form.form_token).await
    };
    let state = FormState::default().with("form_token", &form.form_token);
    Ok(reveal(keys, Action::ReissueSecret, &form.key, made.await, state).await)
}

async fn rotate(keys: &Keys, request: Request) -> Result<Response, Response> {
    let form: RotateKey = read(request).await?;
    let made = async {
        let manager = keys.reader.key_manager(Action::RotateKey, &keys.visit.trace)?;
        let sent = RotateForm {
            key: &form.key,
            grace: &form.grace,
            form_token: &form.form_token,
        };
        rotation::rotate(keys.app(), &manager, &sent).await
    };
    let state = FormState::default()
        .with("form_token", &form.form_token)
        .with("grace", &form.grace);
    Ok(reveal(keys, Action::RotateKey, &form.key, made.await, state).await)
}

async fn revoke(keys: &Keys, request: Request) -> Result<Response, Response> {
    let form: RevokeKey = read(request).await?;
    let done = async {
        let manager = keys.reader.key_manager(Action::RevokeKey, &keys.visit.trace)?;
        retirement::revoke(keys.app(), &manager, &form.key, &form.reason).await
    };
    let state = FormState::default().with("reason", &form.reason);
    let done = done.await.map(|_| ());
    Ok(go_on(keys, Action::RevokeKey, &form.key, done, state).await)
}

async fn delete(keys: &Keys, request: Request) -> Result<Response, Response> {
    let form: DeleteKey = read(request).await?;
    let done = async {
        let manager = keys.reader.key_manager(Action::DeleteKey, &keys.visit.trace)?;
        retirement::delete(keys.app(), &manager, &form.key, &form.confirm_name).await
    };
    let state = FormState::default().with("confirm_name", &form.confirm_name);
    Ok(go_on(keys, Action::DeleteKey, &form.key, done.await, state).await)
}

/// The page with the secret, or the dialog with what is wrong.
async fn reveal(
    keys: &Keys,
    action: Action,
    id: &str,
    made: Result<Revealed, ServiceError>,
    state: FormState,
) -> Response {
    match answer(keys, made).await {
        Ok(response) => response,
        Err((status, error)) => {
            let dialog = open(keys, action, id, state.refused(error)).await;
            draw_again(keys, status, dialog).await
        }
    }
}

/// On to the keys, or the dialog with what is wrong.
async fn go_on(
    keys: &Keys,
    action: Action,
    id: &str,
    done: Result<(), ServiceError>,
    state: FormState,
) -> Response {
    match done {
        Ok(()) => Redirect::to(&pages::after(&keys.reader.account.slug, id)).into_response(),
        Err(error @ (ServiceError::NotFound | ServiceError::Forbidden(_))) => {
            pages::failure(&keys.visit, error).await
        }
        Err(error) => {
            let (status, told) = refusal(error);
            let dialog = open(keys, action, id, state.refused(told)).await;
            draw_again(keys, status, dialog).await
        }
    }
}
