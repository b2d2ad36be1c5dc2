//! `/sign-in`.

use super::{refused_form, welcome};
use crate::{
    api::{session::SignIn, wire::FormState},
    server::{
        dashboard::{document, fields::Form, page_request::PageRequest, sign_in::Visitor},
        service::accounts::first_person::{self, SignUpAccess},
    },
    ui::pages::sign_in::SignInPage,
};
use axum::{extract::Query, http::StatusCode, response::Response};
use leptos::prelude::*;
use serde::Deserialize;

/// Where to go after sign-in.
#[derive(Deserialize)]
pub struct Target {
    #[serde(default)]
    next: String,
}

/// The empty form.
pub async fn show(visit: PageRequest, Query(target): Query<Target>) -> Response {
    page(
        &visit,
        StatusCode::OK,
        FormState::default().with("next", target.next),
    )
    .await
}

/// The form, posted without scripts.
pub async fn submit(visit: PageRequest, visitor: Visitor, Form(form): Form<SignIn>) -> Response {
    match visitor.sign_in(&form.email, &form.password, &form.next).await {
        Ok(led) => welcome(led),
        Err(error) => {
            let state = FormState::default()
                .with("email", form.email)
                .with("next", form.next);
            refused_form(error, async |status, error| {
                page(&visit, status, state.refused(error)).await
            })
            .await
        }
    }
}

async fn page(visit: &PageRequest, status: StatusCode, state: FormState) -> Response {
    let may_sign_up = first_person::access(&visit.app).await != SignUpAccess::Closed;
    let page = move || view! { <SignInPage state=state.clone() may_sign_up/> };
    document::render(visit, status, "Sign in", page).await
}
