//! Forms that yield a secret, posted without scripts: the page that shows it once.

use super::{Keys, draw, draw_again, fresh, like};
use crate::{
    api::wire::ApiError,
    domain::{key::form::KeyForm, role::Action},
    server::{
        dashboard::{
            answer::{refusal, revealed},
            fields,
            pages::failure,
        },
        error::ServiceError,
        service::{self, keys::Revealed},
    },
    ui::pages::keys::KeyDialog,
};
use axum::{http::StatusCode, response::Response};
use std::sync::Arc;

/// Creates a key.
pub async fn create(keys: &Keys, form: KeyForm) -> Response {
    let made = async {
        let manager = keys.manager(Action::CreateKey).await?;
        service::keys::create::create(keys.app(), &manager, &form).await
    };
    let made = made.await;
    let token = &form.form_token;
    match answer(keys, made, Opened::Create { token }).await {
        Ok(response) => response,
        Err((status, error)) => {
            let state = like::again(keys, fields::state(&form).refused(error)).await;
            draw_again(keys, status, Ok((KeyDialog::Create, state))).await
        }
    }
}

/// The form that a secret is the answer to.
#[derive(Clone, Copy)]
pub enum Opened<'a> {
    /// `Add API key`, with this token.
    Create { token: &'a str },
    /// `Rotate API key` of this key, with this token.
    Rotate { key: &'a str, token: &'a str },
    /// `Reissue secret` of this key.
    Reissue { key: &'a str },
}

impl Opened<'_> {
    /// Path of the key's page, if the form was opened there.
    fn back(self, keys: &Keys) -> Option<String> {
        match self {
            Self::Create { .. } => None,
            Self::Rotate { key, .. } | Self::Reissue { key } => keys.detail(key),
        }
    }

    /// The key whose secret can be reissued, if the answer to the form was lost.
    async fn reissuable(self, keys: &Keys) -> Option<String> {
        let (known, token) = match self {
            Self::Reissue { key } => (Some(key), ""),
            Self::Create { token } | Self::Rotate { token, .. } => (None, token),
        };
        let account = keys.reader.account.id;
        let found = service::keys::reissuable(keys.app(), account, known, token).await;
        found.ok().flatten().map(|id| id.to_string())
    }
}

/// The page with the secret, or the reason why there is none.
///
/// # Errors
/// The errors of the form, which is rendered again.
pub async fn answer(
    keys: &Keys,
    made: Result<Revealed, ServiceError>,
    form: Opened<'_>,
) -> Result<Response, (StatusCode, ApiError)> {
    let (status, dialog) = match made {
        Ok(key) => {
            let (done, back) = (key.done(), form.back(keys));
            let key = Arc::new(revealed(keys.app(), key));
            let dialog = KeyDialog::Revealed { key, back };
            let mut response = draw(keys, StatusCode::OK, fresh(keys.app()), dialog).await;
            keys.keep_status(done, &mut response);
            return Ok(response);
        }
        Err(ServiceError::Repeated(_)) => {
            let reissue = form.reissuable(keys).await;
            let back = form.back(keys);
            (StatusCode::CONFLICT, KeyDialog::Repeated { reissue, back })
        }
        Err(error @ (ServiceError::NotFound | ServiceError::Forbidden(_))) => {
            return Ok(failure(&keys.visit, error).await);
        }
        Err(error) => return Err(refusal(error)),
    };
    Ok(draw(keys, status, fresh(keys.app()), dialog).await)
}
