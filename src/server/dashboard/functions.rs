//! HTTP for server functions: which calls reach the function, and the response to the others.

use super::answer::{refusal, unanswered};
use crate::{
    api::wire::ApiError,
    server::{
        app::App,
        config::trusted_proxies::Client,
        dashboard::session,
        error::ServiceError,
        http::{
            CHANGE, PASSWORD, RETRY_AFTER,
            bodies::{self, Unread},
            client_ip, media_type,
        },
        runtime::byte_budget::Sender,
    },
};
use axum::{
    body::Body,
    extract::{Request, State},
    http::{HeaderName, HeaderValue, Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use leptos::prelude::*;
use leptos_axum::handle_server_fns_with_context;
use tokio::time::timeout;
use tower_sessions::Session;

/// The client of server functions recognises an error by this header.
const FAILED: HeaderName = HeaderName::from_static("serverfnerror");

/// Server functions that need no sign-in.
pub const OPEN: [&str; 2] = ["/api/session/sign-in", "/api/session/sign-up"];

/// The path of a server function, if it is one.
#[must_use]
pub fn path_of(path: &str) -> Option<&'static str> {
    if !path.starts_with("/api/") {
        return None;
    }
    let known = leptos::server_fn::axum::server_fn_paths().find(|(known, _)| *known == path);
    // What is no function gets the format of one: only scripts send requests there.
    Some(known.map_or("/api/", |(known, _)| known))
}

/// Calls a server function. POST only, and only in the encoding that our forms are sent in (docs/security.md, S25). The
/// body is read for functions that need no sign-in, and for signed-in people (S89); the function checks its caller once
/// the body has arrived.
pub async fn handle(State(app): State<App>, request: Request) -> Response {
    if request.method() != Method::POST {
        return (StatusCode::METHOD_NOT_ALLOWED, [(header::ALLOW, "POST")]).into_response();
    }
    if !media_type::is_form(request.headers()) {
        return StatusCode::UNSUPPORTED_MEDIA_TYPE.into_response();
    }
    let path = request.uri().path();
    let known = leptos::server_fn::axum::server_fn_paths().find(|(known, _)| *known == path);
    let Some((path, _)) = known else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let browser = request.extensions().get::<Session>().cloned();
    let from = client_ip::of(&app, request.headers(), request.extensions());
    let sender = timeout(CHANGE, sender(&app, path, browser, from)).await;
    let read = match sender.unwrap_or_else(|_| Err(ServiceError::slow())) {
        Ok(sender) => {
            let most = match sender {
                Sender::Stranger(_) => bodies::OPEN_FORM,
                Sender::Known => bodies::FORM,
            };
            bodies::whole(&app, request, most, sender).await.map_err(unread)
        }
        Err(error) => Err(refusal(error)),
    };
    // The share of the body budget is released after the response.
    let (request, _share) = match read {
        Ok(read) => read,
        Err(refused) => return not_called(path, refused),
    };
    let (mut parts, body) = request.into_parts();
    // With `Accept: text/html`, server_fn would respond with a redirect to the Referer and put errors into
    // the URL (S26).
    parts
        .headers
        .insert(header::ACCEPT, HeaderValue::from_static("application/json"));
    let context = move || provide_context(app.clone());
    let request = Request::from_parts(parts, body);
    let limit = if OPEN.contains(&path) { PASSWORD } else { CHANGE };
    let Ok(response) = timeout(limit, handle_server_fns_with_context(context, request)).await else {
        return not_called(path, unanswered());
    };
    let mut response = response.into_response();
    // Functions that ran have set their status with `answer`. A 500 now means that the arguments could not be
    // parsed.
    if response.status() == StatusCode::INTERNAL_SERVER_ERROR {
        *response.status_mut() = StatusCode::BAD_REQUEST;
    }
    response
}

/// Determines the sender of a call before its body is read.
async fn sender(
    app: &App,
    path: &str,
    browser: Option<Session>,
    from: Client,
) -> Result<Sender, ServiceError> {
    if OPEN.contains(&path) {
        return Ok(Sender::Stranger(from.network()));
    }
    let is_live = match browser {
        Some(browser) => session::is_live(app, &browser).await?,
        None => false,
    };
    is_live.then_some(Sender::Known).ok_or(ServiceError::Unauthorized)
}

fn unread(unread: Unread) -> (StatusCode, ApiError) {
    (unread.status(), ApiError::message(unread.sentence()))
}

/// The response to a call whose function did not run, in the format of a function's error.
#[must_use]
pub fn not_called(path: &'static str, (status, error): (StatusCode, ApiError)) -> Response {
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/json")),
        (FAILED, HeaderValue::from_static(path)),
    ];
    let mut response = (status, headers, Body::from(error.ser())).into_response();
    if status == StatusCode::SERVICE_UNAVAILABLE {
        let headers = response.headers_mut();
        headers.insert(header::RETRY_AFTER, HeaderValue::from(RETRY_AFTER));
    }
    response
}
