//! `/sign-in`.

use super::{refused, with_retry};
use crate::{
    api::{form::FormState, session::SignIn},
    server::{app::App, config::SignUp, http::document, http::session},
    ui::pages::sign_in::SignInPage,
};
use axum::{
    Form,
    extract::{Query, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use leptos::prelude::*;
use serde::Deserialize;
use tower_sessions::Session;

/// Where to go afterwards.
#[derive(Deserialize)]
pub struct Target {
    #[serde(default)]
    next: String,
}

/// The empty form.
pub async fn show(State(app): State<App>, Query(target): Query<Target>) -> Response {
    page(
        &app,
        StatusCode::OK,
        FormState::default().with("next", target.next),
    )
    .await
}

/// The form as posted without scripts.
pub async fn submit(State(app): State<App>, browser: Session, Form(form): Form<SignIn>) -> Response {
    match session::sign_in(&app, &browser, &form.email, &form.password, &form.next).await {
        Ok(path) => Redirect::to(&path).into_response(),
        Err(error) => {
            let (status, error) = refused(error);
            let state = FormState::default()
                .with("email", form.email)
                .with("next", form.next)
                .refused(error);
            with_retry(status, page(&app, status, state).await)
        }
    }
}

async fn page(app: &App, status: StatusCode, state: FormState) -> Response {
    let may_sign_up = app.config.sign_up == SignUp::Open;
    let page = move || view! { <SignInPage state=state.clone() may_sign_up/> };
    document::render(app, status, "Sign in", page).await
}
