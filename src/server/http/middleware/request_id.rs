//! An id for every request: in the answer's `X-Request-Id`, in error bodies and in the log. And an end to waiting for
//! the answer.

use crate::server::{
    app::App,
    http::{RETRY_AFTER, machine::error::V1Error},
};
use axum::{
    extract::{Request, State},
    http::{HeaderName, HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use std::time::Duration;
use tokio::time::timeout;
use tracing::Instrument as _;

static HEADER: HeaderName = HeaderName::from_static("x-request-id");

/// How long it may take until an answer begins (docs/security.md, S28).
const ANSWER: Duration = Duration::from_secs(30);

/// `req_` and a ULID. An id that the client sent is not taken over: it could be anybody's.
#[derive(Clone, Debug)]
pub struct RequestId(pub String);

/// Gives the request its id, and its answer a time to begin in.
pub async fn layer(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let id = app.request_id();
    let value = HeaderValue::try_from(&id).ok();
    let path = request.uri().path();
    let is_machine = path.starts_with("/v1") || path.starts_with("/forward-auth");
    request.extensions_mut().insert(RequestId(id.clone()));
    let answer = next.run(request);
    let answered = if is_machine {
        // What is logged there names the request by itself: a span costs as much as checking the key.
        timeout(ANSWER, answer).await
    } else {
        // Neither path nor query: people put keys into both.
        let span = tracing::info_span!("request", id);
        timeout(ANSWER, answer.instrument(span)).await
    };
    let mut response = answered.unwrap_or_else(|_| {
        tracing::error!(request_id = id, "an answer did not begin in time");
        overdue(is_machine, &id)
    });
    if let Some(value) = value {
        response.headers_mut().insert(&HEADER, value);
    }
    response
}

fn overdue(is_machine: bool, id: &str) -> Response {
    if is_machine {
        return V1Error::Unavailable.response(id);
    }
    let status = StatusCode::SERVICE_UNAVAILABLE;
    let headers = [(header::RETRY_AFTER, HeaderValue::from(RETRY_AFTER))];
    (
        status,
        headers,
        "The server took too long. Try again in a moment.",
    )
        .into_response()
}
