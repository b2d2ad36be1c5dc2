//! `/sign-in`.

use super::with_retry;
use crate::{
    api::{form::FormState, session::SignIn},
    server::{
        config::SignUp,
        http::{document, refusal, session, visit::Visit},
    },
    ui::pages::sign_in::SignInPage,
};
use axum::{
    Form,
    extract::Query,
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
pub async fn show(visit: Visit, Query(target): Query<Target>) -> Response {
    page(
        &visit,
        StatusCode::OK,
        FormState::default().with("next", target.next),
    )
    .await
}

/// The form as posted without scripts.
pub async fn submit(visit: Visit, browser: Session, Form(form): Form<SignIn>) -> Response {
    let (app, trace) = (&visit.app, &visit.trace);
    match session::sign_in(app, &browser, &form.email, &form.password, &form.next, trace).await {
        Ok(path) => Redirect::to(&path).into_response(),
        Err(error) => {
            let (status, error) = refusal(error);
            let state = FormState::default()
                .with("email", form.email)
                .with("next", form.next)
                .refused(error);
            with_retry(status, page(&visit, status, state).await)
        }
    }
}

async fn page(visit: &Visit, status: StatusCode, state: FormState) -> Response {
    let may_sign_up = visit.app.config.sign_up == SignUp::Open;
    let page = move || view! { <SignInPage state=state.clone() may_sign_up/> };
    document::render(visit, status, "Sign in", page).await
}
