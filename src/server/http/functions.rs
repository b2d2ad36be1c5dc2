//! The server functions' side of HTTP: who calls, and with which status they are answered.

use super::{client, refusal, retry_after, session::Welcome};
use crate::{
    api::{error::ApiError, keys::RevealedKey},
    domain::{activity::Trace, role::Action},
    server::{
        access::{self, KeyManager},
        app::App,
        service::{ServiceError, keys::Revealed},
        session::{self, Viewer},
    },
};
use axum::{
    body::{Body, to_bytes},
    extract::{Request, State},
    http::{HeaderValue, Method, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use leptos::prelude::*;
use leptos_axum::{ResponseOptions, handle_server_fns_with_context};
use tower_sessions::Session;

/// Calls a server function. POST only, and only in the encoding that our forms are sent in (docs/security.md, S25).
pub async fn handle(State(app): State<App>, request: Request) -> Response {
    if request.method() != Method::POST {
        return (StatusCode::METHOD_NOT_ALLOWED, [(header::ALLOW, "POST")]).into_response();
    }
    let media_type = request
        .headers()
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let media_type = media_type
        .and_then(|value| value.split(';').next())
        .unwrap_or_default()
        .trim();
    if !media_type.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
        return StatusCode::UNSUPPORTED_MEDIA_TYPE.into_response();
    }
    let path = request.uri().path();
    if !leptos::server_fn::axum::server_fn_paths().any(|(known, _)| known == path) {
        return StatusCode::NOT_FOUND.into_response();
    }
    let (mut parts, body) = request.into_parts();
    // The router's limit cuts off what is too long.
    let Ok(body) = to_bytes(body, usize::MAX).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    // Asked for HTML, server_fn would answer with a redirect to the Referer and errors in the URL (S26).
    parts
        .headers
        .insert(header::ACCEPT, HeaderValue::from_static("application/json"));
    let context = move || provide_context(app.clone());
    let request = Request::from_parts(parts, Body::from(body));
    let mut response = handle_server_fns_with_context(context, request)
        .await
        .into_response();
    // A function that ran has set its status by `answer`. What is left at 500 are arguments that cannot be read.
    if response.status() == StatusCode::INTERNAL_SERVER_ERROR {
        *response.status_mut() = StatusCode::BAD_REQUEST;
    }
    response
}

/// For server functions that anybody may call: the app, and the browser's session.
///
/// # Panics
/// When called elsewhere than in a server function behind the session layer.
pub fn anybody() -> (App, Session) {
    let session = expect_context::<Parts>().extensions.get::<Session>().cloned();
    (
        expect_context::<App>(),
        session.expect("the session layer is around every server function"),
    )
}

/// For server functions of people who are signed in.
///
/// # Errors
/// 401 when nobody is.
pub async fn signed_in() -> Result<(App, Viewer), ApiError> {
    let (app, browser) = anybody();
    let viewer = session::viewer(&app, &browser).await;
    let viewer = answer(viewer.and_then(|viewer| viewer.ok_or(ServiceError::Unauthorized)))?;
    Ok((app, viewer))
}

/// For server functions that manage the keys of an account: who calls must be allowed to do `action`.
///
/// # Errors
/// 401 when nobody is signed in, 404 when the account is not theirs, 403 when their role does not allow it.
pub async fn key_manager(account: &str, action: Action) -> Result<(App, KeyManager), ApiError> {
    let (app, viewer) = signed_in().await?;
    let manager = access::key_manager(&app, &viewer, account, action, &trace(&app)).await;
    let manager = answer(manager)?;
    Ok((app, manager))
}

/// What the activity keeps of this request.
///
/// # Panics
/// When called elsewhere than in a server function.
#[must_use]
pub fn trace(app: &App) -> Trace {
    client::trace(app, &expect_context::<Parts>())
}

/// A key as its maker sees it this once.
///
/// # Errors
/// What to show at the form.
pub fn reveal(app: &App, result: Result<Revealed, ServiceError>) -> Result<RevealedKey, ApiError> {
    answer(result.map(|key| super::revealed(app, key)))
}

/// The outcome as the browser gets it; a refusal sets the status of the answer.
///
/// # Errors
/// What to show at the form.
pub fn answer<T>(result: Result<T, ServiceError>) -> Result<T, ApiError> {
    result.map_err(|error| {
        let wait = retry_after(&error);
        let (status, shown) = refusal(error);
        if let Some(options) = use_context::<ResponseOptions>() {
            options.set_status(status);
            if let Some(seconds) = wait {
                options.insert_header(header::RETRY_AFTER, HeaderValue::from(seconds));
            }
        }
        shown
    })
}

/// Where somebody who has signed in or up goes; the answer brings the browser its cookie.
///
/// # Errors
/// What to show at the form.
pub fn welcome(result: Result<Welcome, ServiceError>) -> Result<String, ApiError> {
    let led = answer(result)?;
    if let (Some(options), Some(cookie)) = (use_context::<ResponseOptions>(), led.cookie) {
        options.append_header(header::SET_COOKIE, cookie);
    }
    Ok(led.path)
}
