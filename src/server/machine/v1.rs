//! `/v1`, for programs with a key. Every route of the catalogue runs the whole check; the routes that this server
//! answers itself have a file here.

mod account;
pub mod leak;
pub mod openapi;
mod status;
mod usage;

use super::{call::Call, error::V1Error};
use crate::{
    domain::catalog::Route,
    server::{app::App, http::bodies},
};
use axum::{
    body::{Body, HttpBody as _},
    extract::Request,
    http::{HeaderMap, header},
    response::Response,
};
use futures_util::StreamExt as _;

/// Maximum size of a request's body in bytes (docs.babysea.ai, `/setup/errors`; docs/security.md, S28).
pub const BODY_BYTES: usize = 100 * 1024;

/// Routes of the catalogue that this server answers itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Served {
    Status,
    Account,
    Usage,
}

impl Served {
    /// `None` if the API behind this server answers the route.
    fn of(route: &Route) -> Option<Self> {
        match (&*route.method, &*route.pattern) {
            ("GET", "/v1/status") => Some(Self::Status),
            ("GET", "/v1/user/account") => Some(Self::Account),
            ("GET", "/v1/usage") => Some(Self::Usage),
            _ => None,
        }
    }
}

/// Answers a request to `/v1`. No body is read before its key is accepted (docs/security.md, S89).
pub async fn handle(app: &App, request_id: &str, request: Request) -> Response {
    let (request, body) = request.into_parts();
    let mut call = Call::v1(app, request_id, &request);
    let answered = answer(&mut call, body).await;
    call.finish(answered)
}

async fn answer(call: &mut Call<'_>, body: Body) -> Result<Response, V1Error> {
    call.judge().await?;
    match length_of(call.sent.headers, body).await {
        Length::Fits => respond(call).await,
        Length::FitsNow => Box::pin(respond_after_body(call)).await,
        Length::TooLong => Err(V1Error::PayloadTooLarge),
    }
}

/// Length of a body.
enum Length {
    /// Within the limit, by its `Content-Length`.
    Fits,
    /// Within the limit, known after reading it.
    FitsNow,
    TooLong,
}

/// Determines the length of a body. It is only read if there is no `Content-Length`, and not kept, because no
/// route needs it.
async fn length_of(headers: &HeaderMap, body: Body) -> Length {
    if bodies::announces_more(headers, &body, BODY_BYTES) {
        return Length::TooLong;
    }
    if headers.contains_key(header::CONTENT_LENGTH) || body.is_end_stream() {
        return Length::Fits;
    }
    let mut chunks = body.into_data_stream();
    let mut length = 0;
    while let Some(Ok(chunk)) = chunks.next().await {
        length += chunk.len();
        if length > BODY_BYTES {
            return Length::TooLong;
        }
    }
    Length::FitsNow
}

/// Responds after a body has arrived, by the key's state at that time, because it may have ended in the
/// meantime.
async fn respond_after_body(call: &mut Call<'_>) -> Result<Response, V1Error> {
    call.judge_again().await?;
    respond(call).await
}

// Futures that use the database are boxed: otherwise every response's future would have their size.
async fn respond(call: &Call<'_>) -> Result<Response, V1Error> {
    let (known, route) = call.accepted()?;
    let key = &known.key;
    match Served::of(route) {
        Some(Served::Status) => Ok(call.success(status::MESSAGE, status::get(key, call.now))),
        Some(Served::Account) => {
            Ok(call.success(account::MESSAGE, Box::pin(account::get(call.app, key)).await?))
        }
        Some(Served::Usage) => {
            let usage = Box::pin(usage::get(call.app, key, call.sent.query)).await?;
            Ok(call.success(usage::MESSAGE, usage))
        }
        None => Err(V1Error::NotServedHere),
    }
}
