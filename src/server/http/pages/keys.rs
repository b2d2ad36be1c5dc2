//! `/home/{account}/api-keys`.

use super::{SignedIn, failure, refused, with_retry};
use crate::{
    api::{
        form::FormState,
        keys::{CreateKey, CreatedKey},
    },
    domain::key::Key,
    server::{
        access::{self, KeyManager},
        app::App,
        http::document,
        service::{self, ServiceError},
        session::Viewer,
    },
    ui::{
        layout::Person,
        pages::keys::{CreateDialog, KeyRow, KeysPage, KeysPageData, PresetChoice},
    },
};
use axum::{
    Form,
    extract::{Path, Query, State},
    http::StatusCode,
    response::Response,
};
use leptos::prelude::*;
use serde::Deserialize;
use std::sync::Arc;

/// What the address says beside the account.
#[derive(Deserialize)]
pub struct Asked {
    /// `create` opens the dialog without scripts.
    #[serde(default)]
    dialog: String,
    /// The key to point out, after it was made.
    #[serde(default)]
    created: String,
}

/// The page.
pub async fn show(
    State(app): State<App>,
    SignedIn(viewer): SignedIn,
    Path(slug): Path<String>,
    Query(asked): Query<Asked>,
) -> Response {
    let dialog = if asked.dialog == "create" {
        CreateDialog::Open
    } else {
        CreateDialog::Closed
    };
    match access::key_manager(&app, &viewer, &slug).await {
        Ok(manager) => {
            let state = fresh(&app);
            page(
                &app,
                &viewer,
                &manager,
                StatusCode::OK,
                state,
                dialog,
                &asked.created,
            )
            .await
        }
        Err(error) => failure(&app, error).await,
    }
}

/// The dialog's form as posted without scripts.
pub async fn submit(
    State(app): State<App>,
    SignedIn(viewer): SignedIn,
    Path(slug): Path<String>,
    Form(form): Form<CreateKey>,
) -> Response {
    let manager = match access::key_manager(&app, &viewer, &slug).await {
        Ok(manager) => manager,
        Err(error) => return failure(&app, error).await,
    };
    let created = service::keys::create(&app, &manager, &form.name, &form.preset, &form.form_token).await;
    let (status, state, dialog) = match created {
        Ok(created) => (
            StatusCode::OK,
            fresh(&app),
            CreateDialog::Created(Arc::new(CreatedKey::from(created))),
        ),
        // The form was sent again, by a reload or a second click: there is nothing to correct in it.
        Err(ServiceError::Conflict(sentence)) => (
            StatusCode::CONFLICT,
            fresh(&app),
            CreateDialog::Repeated(sentence),
        ),
        Err(error) => {
            let (status, error) = refused(error);
            let state = FormState::default()
                .with("name", form.name)
                .with("preset", form.preset)
                .with("form_token", form.form_token)
                .refused(error);
            (status, state, CreateDialog::Open)
        }
    };
    with_retry(
        status,
        page(&app, &viewer, &manager, status, state, dialog, "").await,
    )
}

fn fresh(app: &App) -> FormState {
    FormState::default().with("form_token", service::keys::form_token(app))
}

async fn page(
    app: &App,
    viewer: &Viewer,
    manager: &KeyManager,
    status: StatusCode,
    form: FormState,
    dialog: CreateDialog,
    created: &str,
) -> Response {
    let list = match service::keys::list(app, manager).await {
        Ok(list) => list,
        Err(error) => return failure(app, error).await,
    };
    let now = app.now();
    let row = |key: Key| {
        let id = key.id.to_string();
        let preset = app.catalog.preset(&key.preset);
        KeyRow {
            is_new: id == created,
            id,
            status: key.status(now),
            preset: preset.map_or_else(|| key.preset.clone(), |preset| preset.label.to_owned()),
            name: key.name,
            prefix: key.prefix,
            last_used_at: key.last_used_at,
            created_at: key.created_at,
        }
    };
    let presets = app.catalog.presets.iter().map(|preset| PresetChoice {
        id: preset.id.to_owned(),
        label: preset.label.to_owned(),
        description: preset.description.to_owned(),
        scopes: if preset.scopes.len() == app.catalog.scopes.len() {
            format!("all {} scopes", preset.scopes.len())
        } else {
            preset.scopes.join(", ")
        },
    });
    let data = KeysPageData {
        person: Person {
            name: viewer.name.clone(),
            account: manager.account.name.clone(),
        },
        slug: manager.account.slug.clone(),
        presets: presets.collect(),
        rows: list.keys.into_iter().map(row).collect(),
        total: list.total,
        now,
        form,
        dialog,
    };
    let data = Arc::new(data);
    document::render(
        app,
        status,
        "API keys",
        move || view! { <KeysPage data=Arc::clone(&data)/> },
    )
    .await
}
