//! The machine side: `/v1`, called by programs with a key. Every route of the catalogue runs the whole check; the few
//! that this server answers itself have a file here.

mod account;
pub mod leak;
pub mod openapi;
mod status;
mod usage;

use super::{
    call::{self, Door},
    envelope,
    error::V1Error,
    log_entry::{Asked, Outcome},
    quota_headers,
};
use crate::{
    domain::{catalog::Route, key::Key, time::Timestamp},
    server::{
        app::App,
        http::{bodies, client_ip},
    },
};
use axum::{
    body::{Body, HttpBody as _},
    extract::Request,
    http::{HeaderMap, header},
    response::Response,
};
use futures_util::StreamExt as _;
use serde::Serialize;

/// Most bytes of a request's body (docs.babysea.ai, `/setup/errors`; docs/security.md, S28).
const BODY_BYTES: usize = 100 * 1024;

/// Its name in the metrics.
const DOOR: &str = "v1";

/// What an endpoint knows of its caller.
struct Call<'r> {
    app: &'r App,
    request_id: &'r str,
    key: &'r Key,
    query: &'r str,
    now: Timestamp,
}

impl Call<'_> {
    fn success(&self, message: &'static str, data: impl Serialize) -> Response {
        envelope::success(self.request_id, message, self.now, data)
    }
}

/// The routes of the catalogue that this server answers itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Served {
    Status,
    Account,
    Usage,
}

impl Served {
    /// Nothing where the answer is the guarded API's to give.
    fn of(route: &Route) -> Option<Self> {
        match (&*route.method, &*route.pattern) {
            ("GET", "/v1/status") => Some(Self::Status),
            ("GET", "/v1/user/account") => Some(Self::Account),
            ("GET", "/v1/usage") => Some(Self::Usage),
            _ => None,
        }
    }
}

/// Answers a request to `/v1`. Nothing of a body is read before its key is known and may pass (docs/security.md, S89).
pub async fn handle(app: &App, request_id: &str, request: Request) -> Response {
    let now = app.now();
    let (request, body) = request.into_parts();
    let asked = Asked {
        method: request.method.as_str(),
        path: request.uri.path(),
        query: request.uri.query().unwrap_or_default(),
        headers: &request.headers,
        client: client_ip::of(app, &request.headers, &request.extensions),
    };
    let verdict = call::judge(app, Door::V1, &asked, now).await;
    let answered = match (verdict.outcome, &verdict.key, &verdict.route) {
        (Err(refusal), ..) => Err(refusal.into()),
        (Ok(()), Some(known), Some(route)) => {
            let call = Call {
                app,
                request_id,
                key: &known.key,
                query: asked.query,
                now,
            };
            match length_of(&request.headers, body).await {
                Length::Fits => answer(route, &call).await,
                Length::FitsNow => Box::pin(answer_after_body(route, call, &asked)).await,
                Length::TooLong => {
                    app.metrics.refused(DOOR, V1Error::PayloadTooLarge.kind().reason);
                    Err(V1Error::PayloadTooLarge)
                }
            }
        }
        // Nothing passes without a key and a route.
        (Ok(()), ..) => Err(V1Error::NotServedHere),
    };
    let (mut response, error) = match answered {
        Ok(response) => (response, None),
        Err(error) => (error.response(request_id), Some(error)),
    };
    quota_headers::add(response.headers_mut(), verdict.quota);
    if let (Some(known), Some(route)) = (&verdict.key, &verdict.route) {
        let outcome = Outcome {
            request_id,
            status: response.status().as_u16(),
            error_code: error.as_ref().map(V1Error::code),
            at: now,
        };
        call::note(app, &asked, (known, route), outcome, error.as_ref());
    }
    response
}

/// How long a body is.
enum Length {
    /// No longer than it may be, as its headers say.
    Fits,
    /// The same, which was known when all of it had come.
    FitsNow,
    TooLong,
}

/// How long a body is. It is read only where its length is not said before, and nothing of it is kept: no route needs it.
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

/// Answers when a body has come, by its key as it is then: it may have ended while the body was on its way.
async fn answer_after_body(route: &Route, call: Call<'_>, asked: &Asked<'_>) -> Result<Response, V1Error> {
    let now = call.app.now();
    let known = call::judge_again(call.app, Door::V1, asked, now).await?;
    let call = Call {
        key: &known.key,
        now,
        ..call
    };
    answer(route, &call).await
}

// What asks the database is boxed: room for it would be moved about with every other answer.
async fn answer(route: &Route, call: &Call<'_>) -> Result<Response, V1Error> {
    match Served::of(route) {
        Some(Served::Status) => Ok(call.success(status::MESSAGE, status::get(call))),
        Some(Served::Account) => Ok(call.success(account::MESSAGE, Box::pin(account::get(call)).await?)),
        Some(Served::Usage) => Ok(call.success(usage::MESSAGE, Box::pin(usage::get(call)).await?)),
        None => Err(V1Error::NotServedHere),
    }
}
