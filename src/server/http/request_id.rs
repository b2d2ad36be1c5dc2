//! The request id, in the response's `X-Request-Id`, in error bodies and in the log; and the time limit for
//! the start of a response.

use crate::server::{app::App, http::RETRY_AFTER};
use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use std::time::Duration;
use tokio::time::timeout;
use tracing::Instrument as _;

const HEADER: HeaderName = HeaderName::from_static("x-request-id");

/// Time limit for the start of a response (docs/security.md, S28).
pub const ANSWER: Duration = Duration::from_secs(30);

/// The same for a page, so that it does not wait for a database that hangs (docs/security.md, S76). Exports
/// start to respond when their turn comes, and forms have a limit of their own once their body has arrived.
pub const PAGE: Duration = Duration::from_secs(5);

/// Whether a request reads a page.
pub fn is_page(request: &Request) -> bool {
    request.method().is_safe() && !request.uri().path().ends_with("/export")
}

/// Time limit for the start of this response.
fn limit(request: &Request) -> Duration {
    if is_page(request) { PAGE } else { ANSWER }
}

/// `req_` and a ULID. An id sent by the client is ignored, because it could be another request's.
#[derive(Clone, Debug)]
pub struct RequestId(pub String);

/// Sets `X-Request-Id` of a response.
pub fn set(headers: &mut HeaderMap, id: &str) {
    if let Ok(value) = HeaderValue::try_from(id) {
        headers.insert(HEADER, value);
    }
}

/// Adds the request id and the time limit.
pub async fn layer(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let id = app.request_id();
    request.extensions_mut().insert(RequestId(id.clone()));
    // Neither path nor query: people put keys into both.
    let span = tracing::info_span!("request", id);
    let limit = limit(&request);
    let answered = timeout(limit, next.run(request).instrument(span)).await;
    let mut response = answered.unwrap_or_else(|_| {
        tracing::error!(request_id = id, "a response did not start in time");
        let headers = [(header::RETRY_AFTER, HeaderValue::from(RETRY_AFTER))];
        let sentence = "The server took too long. Try again in a few seconds.";
        (StatusCode::SERVICE_UNAVAILABLE, headers, sentence).into_response()
    });
    set(response.headers_mut(), &id);
    response
}
