//! `/sign-up`.

use super::{refused, with_retry};
use crate::{
    api::{form::FormState, session::SignUp},
    server::{app::App, config, http::document, http::session},
    ui::pages::sign_up::SignUpPage,
};
use axum::{
    Form,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use leptos::prelude::*;
use tower_sessions::Session;

/// The empty form.
pub async fn show(State(app): State<App>) -> Response {
    page(&app, StatusCode::OK, FormState::default()).await
}

/// The form as posted without scripts.
pub async fn submit(State(app): State<App>, browser: Session, Form(form): Form<SignUp>) -> Response {
    match session::sign_up(&app, &browser, &form.name, &form.email, &form.password).await {
        Ok(path) => Redirect::to(&path).into_response(),
        Err(error) => {
            let (status, error) = refused(error);
            let state = FormState::default()
                .with("name", form.name)
                .with("email", form.email)
                .refused(error);
            with_retry(status, page(&app, status, state).await)
        }
    }
}

async fn page(app: &App, status: StatusCode, state: FormState) -> Response {
    let closed = app.config.sign_up == config::SignUp::Invited;
    let minimum = app.config.password_min;
    let page = move || view! { <SignUpPage state=state.clone() minimum closed/> };
    document::render(app, status, "Create account", page).await
}
