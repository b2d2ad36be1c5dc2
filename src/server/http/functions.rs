//! The server functions' side of HTTP: who calls, and with which status they are answered.

use super::refusal;
use crate::{
    api::error::ApiError,
    server::{
        access::{self, KeyManager},
        app::App,
        service::ServiceError,
        session,
    },
};
use axum::{
    body::Body,
    extract::{Request, State},
    http::{HeaderValue, Method, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use leptos::prelude::*;
use leptos_axum::{ResponseOptions, handle_server_fns_with_context};
use tower_sessions::Session;

/// Calls a server function. POST only, and only the two body formats that a form of ours is sent in (docs/security.md,
/// S25).
pub async fn handle(State(app): State<App>, mut request: Request) -> Response {
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
    if !["application/x-www-form-urlencoded", "application/json"]
        .iter()
        .any(|known| media_type.eq_ignore_ascii_case(known))
    {
        return StatusCode::UNSUPPORTED_MEDIA_TYPE.into_response();
    }
    let path = request.uri().path();
    if !leptos::server_fn::axum::server_fn_paths().any(|(known, _)| known == path) {
        return StatusCode::NOT_FOUND.into_response();
    }
    // Asked for HTML, server_fn would answer with a redirect to the Referer and errors in the URL (S26).
    request
        .headers_mut()
        .insert(header::ACCEPT, HeaderValue::from_static("application/json"));
    let context = move || provide_context(app.clone());
    handle_server_fns_with_context(context, request.map(Body::new))
        .await
        .into_response()
}

fn app() -> Result<App, ApiError> {
    use_context::<App>().ok_or_else(|| broken("a server function was called without its app"))
}

fn browser() -> Result<Session, ApiError> {
    let session = use_context::<Parts>().and_then(|parts| parts.extensions.get::<Session>().cloned());
    session.ok_or_else(|| broken("a server function was called without a session"))
}

/// For server functions that anybody may call.
///
/// # Errors
/// Only when the program is put together wrongly.
pub fn anybody() -> Result<(App, Session), ApiError> {
    Ok((app()?, browser()?))
}

/// For server functions that manage the keys of an account: who calls must be allowed to.
///
/// # Errors
/// 401 when nobody is signed in, 404 when the account is not theirs.
pub async fn key_manager(account: &str) -> Result<(App, KeyManager), ApiError> {
    let (app, browser) = anybody()?;
    let allowed = async {
        let viewer = session::viewer(&app, &browser)
            .await?
            .ok_or(ServiceError::Unauthorized)?;
        access::key_manager(&app, &viewer, account).await
    };
    let manager = answer(allowed.await)?;
    Ok((app, manager))
}

/// The outcome as the browser gets it; a refusal sets the status of the answer.
///
/// # Errors
/// What to show at the form.
pub fn answer<T>(result: Result<T, ServiceError>) -> Result<T, ApiError> {
    result.map_err(|error| {
        let (status, shown) = refusal(error);
        if let Some(options) = use_context::<ResponseOptions>() {
            options.set_status(status);
            if status == StatusCode::SERVICE_UNAVAILABLE {
                options.insert_header(header::RETRY_AFTER, HeaderValue::from(super::RETRY_AFTER));
            }
        }
        shown
    })
}

fn broken(what: &'static str) -> ApiError {
    tracing::error!("{what}");
    ApiError::message("Something went wrong. Reload the page and try again.")
}
