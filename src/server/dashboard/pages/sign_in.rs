//! `/sign-in`.

use super::{refused_form, welcome};
use crate::{
    api::{session::SignIn, wire::FormState},
    server::{
        app::App,
        dashboard::{
            document, fields::Form, page_request::PageRequest, session::cookies, sign_in::Visitor,
        },
        service::accounts::first_person::{self, SignUpAccess},
    },
    ui::pages::sign_in::{SignInPage, Why},
};
use axum::{
    extract::Query,
    http::{HeaderMap, StatusCode, header},
    response::Response,
};
use leptos::prelude::*;
use serde::Deserialize;
use time::Duration;

/// Name of the cookie that says that the session has ended. The page removes it, so that it is said once. Not a status
/// line (`dashboard::status`): those belong to a session.
const ENDED: &str = "session-ended";
/// Lifetime of that cookie: longer than a redirect takes.
const KEPT: Duration = Duration::MINUTE;

/// Adds to a redirect to sign-in that the session has ended.
pub fn session_ended(app: &App, mut redirect: Response) -> Response {
    if let Some(cookie) = cookies::keep(app.origin.is_https(), ENDED, "1", KEPT) {
        redirect.headers_mut().append(header::SET_COOKIE, cookie);
    }
    redirect
}

/// Where to go after sign-in.
#[derive(Deserialize)]
pub struct Target {
    #[serde(default)]
    next: String,
}

/// The empty form.
pub async fn show(visit: PageRequest, Query(target): Query<Target>, headers: HeaderMap) -> Response {
    let has_ended = cookies::values(&headers, ENDED).next().is_some();
    let why = match (has_ended, target.next.is_empty()) {
        (true, _) => Why::Ended,
        (false, false) => Why::Asked,
        (false, true) => Why::Wanted,
    };
    let state = FormState::default().with("next", target.next);
    let mut response = page(&visit, StatusCode::OK, state, why).await;
    if has_ended && let Some(removal) = cookies::remove(visit.app.origin.is_https(), ENDED) {
        response.headers_mut().append(header::SET_COOKIE, removal);
    }
    response
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
                page(&visit, status, state.refused(error), Why::Wanted).await
            })
            .await
        }
    }
}

async fn page(visit: &PageRequest, status: StatusCode, state: FormState, why: Why) -> Response {
    let may_sign_up = first_person::access(&visit.app).await != SignUpAccess::Closed;
    let page = move || view! { <SignInPage state=state.clone() why may_sign_up/> };
    document::render(visit, status, "Sign in", page).await
}
