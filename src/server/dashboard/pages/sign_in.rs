//! `/sign-in`.

use super::{refused_form, welcome};
use crate::{
    api::{session::SignIn, wire::FormState},
    server::{
        app::App,
        dashboard::{
            document,
            fields::{Form, Query},
            page_request::PageRequest,
            session::cookies::{self, Name},
            sign_in::Visitor,
        },
        http::addresses,
        service::accounts::first_person::{self, SignUpAccess},
    },
    ui::pages::sign_in::{SignInPage, Why},
};
use axum::{
    http::{HeaderMap, StatusCode, header},
    response::Response,
};
use leptos::prelude::*;
use serde::Deserialize;
use time::Duration;

/// Lifetime of the cookie with the reason for a redirect to sign-in: longer than a redirect takes. The page removes it,
/// so that the reason is shown once.
const KEPT: Duration = Duration::MINUTE;

/// Why a person was signed out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// Their session has ended.
    Ended,
    /// They signed out.
    SignedOut,
}

impl Reason {
    const fn id(self) -> &'static str {
        match self {
            Self::Ended => "ended",
            Self::SignedOut => "done",
        }
    }

    fn read(app: &App, headers: &HeaderMap) -> Option<Self> {
        cookies::values(&app.origin, headers, Name::SignedOut).find_map(|id| {
            [Self::Ended, Self::SignedOut]
                .into_iter()
                .find(|reason| reason.id() == id)
        })
    }
}

/// Adds the reason to a redirect to sign-in.
pub fn because(app: &App, reason: Reason, mut redirect: Response) -> Response {
    if let Some(cookie) = cookies::keep(&app.origin, Name::SignedOut, reason.id(), KEPT) {
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
    let reason = Reason::read(&visit.app, &headers);
    let why = match reason {
        Some(Reason::Ended) => Why::Ended,
        Some(Reason::SignedOut) => Why::SignedOut,
        None if target.next.is_empty() => Why::Wanted,
        None => Why::Asked,
    };
    let next = addresses::without_keys(&target.next, &visit.app.config.key_prefix);
    let state = FormState::default().with("next", next.into_owned());
    let mut response = page(&visit, StatusCode::OK, state, why).await;
    if reason.is_some() {
        let removal = cookies::remove(&visit.app.origin, Name::SignedOut);
        response
            .headers_mut()
            .extend(removal.map(|cookie| (header::SET_COOKIE, cookie)));
    }
    response
}

/// The form, posted without scripts.
pub async fn submit(visit: PageRequest, visitor: Visitor, Form(form): Form<SignIn>) -> Response {
    match visitor.sign_in(&form.email, &form.password, &form.next).await {
        Ok(led) => welcome(led),
        Err(error) => {
            let next = addresses::without_keys(&form.next, &visit.app.config.key_prefix);
            let state = FormState::default()
                .with("email", form.email)
                .with("next", next.into_owned());
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
