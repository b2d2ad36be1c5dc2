//! `/sign-up`.

use super::with_retry;
use crate::{
    api::{form::FormState, session::SignUp},
    server::{
        config,
        http::{document, refusal, session, visit::Visit},
    },
    ui::pages::sign_up::SignUpPage,
};
use axum::{
    Form,
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use leptos::prelude::*;
use tower_sessions::Session;

/// The empty form.
pub async fn show(visit: Visit) -> Response {
    page(&visit, StatusCode::OK, FormState::default()).await
}

/// The form as posted without scripts.
pub async fn submit(visit: Visit, browser: Session, Form(form): Form<SignUp>) -> Response {
    let (app, trace) = (&visit.app, &visit.trace);
    match session::sign_up(app, &browser, &form.name, &form.email, &form.password, trace).await {
        Ok(path) => Redirect::to(&path).into_response(),
        Err(error) => {
            let (status, error) = refusal(error);
            let state = FormState::default()
                .with("name", form.name)
                .with("email", form.email)
                .refused(error);
            with_retry(status, page(&visit, status, state).await)
        }
    }
}

async fn page(visit: &Visit, status: StatusCode, state: FormState) -> Response {
    let closed = visit.app.config.sign_up == config::SignUp::Invited;
    let minimum = visit.app.config.password_min;
    let page = move || view! { <SignUpPage state=state.clone() minimum closed/> };
    document::render(visit, status, "Create account", page).await
}
