//! `/sign-up`.

use super::{refused_form, welcome};
use crate::{
    api::{session::SignUp, wire::FormState},
    server::{
        dashboard::{document, fields::Form, page_request::PageRequest, sign_in::Visitor},
        service::accounts::first_person::{self, SignUpAccess},
    },
    ui::pages::sign_up::SignUpPage,
};
use axum::{http::StatusCode, response::Response};
use leptos::prelude::*;

/// The empty form.
pub async fn show(visit: PageRequest) -> Response {
    page(&visit, StatusCode::OK, FormState::default()).await
}

/// The form, posted without scripts.
pub async fn submit(visit: PageRequest, visitor: Visitor, Form(form): Form<SignUp>) -> Response {
    match visitor.sign_up(&form.name, &form.email, &form.password).await {
        Ok(led) => welcome(led),
        Err(error) => {
            let state = FormState::default()
                .with("name", form.name)
                .with("email", form.email);
            refused_form(error, async |status, error| {
                page(&visit, status, state.refused(error)).await
            })
            .await
        }
    }
}

async fn page(visit: &PageRequest, status: StatusCode, state: FormState) -> Response {
    let access = first_person::access(&visit.app).await;
    let (closed, first) = (access == SignUpAccess::Closed, access == SignUpAccess::First);
    let minimum = visit.app.config.password_min;
    let page = move || view! { <SignUpPage state=state.clone() minimum closed first/> };
    document::render(visit, status, "Create account", page).await
}
