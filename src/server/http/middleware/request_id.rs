//! An id for every request: in the answer's `X-Request-Id`, in error bodies and in the log.

use crate::server::app::App;
use axum::{
    extract::{Request, State},
    http::{HeaderName, HeaderValue},
    middleware::Next,
    response::Response,
};
use tracing::Instrument as _;
use ulid::Ulid;

static HEADER: HeaderName = HeaderName::from_static("x-request-id");

/// `req_` and a ULID. An id that the client sent is not taken over: it could be anybody's.
#[derive(Clone, Debug)]
pub struct RequestId(pub String);

/// Gives the request its id.
pub async fn layer(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let millis = u64::try_from(app.now().millis()).unwrap_or_default();
    let random = u128::from_be_bytes(app.rng.bytes()) & ((1 << Ulid::RAND_BITS) - 1);
    let id = format!("req_{}", Ulid::from_parts(millis, random));
    let value = HeaderValue::try_from(&id).ok();
    // Neither path nor query: people put keys into both.
    let span = tracing::info_span!("request", id);
    request.extensions_mut().insert(RequestId(id));
    let mut response = next.run(request).instrument(span).await;
    if let Some(value) = value {
        response.headers_mut().insert(&HEADER, value);
    }
    response
}
