//! The machine API, for programs and proxies. One function adds the request id, the time limit and the common headers
//! to every response. The dashboard uses a router and layers for this, but each layer costs about as much as checking a
//! key.

pub mod call;
pub mod envelope;
pub mod error;
pub mod forward_auth;
pub mod health;
pub mod log_entry;
pub mod quota_headers;
pub mod v1;

use super::http::{headers, request_id};
use crate::{
    domain::{
        head_limits::{self, HeadLimits},
        request_path,
    },
    server::{app::App, runtime::log_limit::LogLimit},
};
use axum::{
    body::{Body, HttpBody as _},
    extract::Request,
    http::{HeaderValue, Method, header},
    response::Response,
};
use call::EntryPoint;
use error::V1Error;
use futures_util::{FutureExt as _, poll};
use std::{panic::AssertUnwindSafe, pin::pin, task::Poll};
use tokio::time::timeout;
use v1::openapi::OpenApiCache;

/// The forward-auth endpoint for nginx, which has its own response format. It is not below `/forward-auth/`, where Envoy
/// appends the paths of the guarded API.
const NGINX: &str = "/forward-auth-nginx";

/// Whether a path belongs to the machine API.
#[must_use]
pub fn serves(path: &str) -> bool {
    let is_below = |root: &&str| {
        let rest = path.strip_prefix(*root);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    path == NGINX || ["/v1", "/forward-auth"].iter().any(is_below)
}

/// Limits of the request line and headers at this path of the machine API.
#[must_use]
pub fn head_limits(path: &str) -> HeadLimits {
    match EntryPoint::of(path) {
        EntryPoint::V1 => head_limits::USUAL,
        EntryPoint::ForwardAuth => head_limits::SUBREQUEST,
    }
}

/// Runs a machine request with a request id, a 30 s start-of-response time-out and the common headers. No tracing span:
/// log lines carry only the request id, because paths and queries can contain keys.
pub async fn handle(app: &App, openapi: &OpenApiCache, request: Request) -> Response {
    let id = app.request_id();
    let is_head = request.method() == Method::HEAD;
    let path = request.uri().path();
    let is_nginx = path == NGINX;
    let entry_point = EntryPoint::of(path);
    let answered = AssertUnwindSafe(in_time(answer(app, &id, openapi, request)))
        .catch_unwind()
        .await;
    let answered = answered.map_err(|_| V1Error::Internal);
    let answered = answered.and_then(|in_time| in_time.ok_or(V1Error::Unavailable));
    if let Err(error) = &answered {
        // The call that would have counted it was cancelled.
        app.metrics.refused(entry_point.name(), error.kind().reason);
    }
    let mut response = finished(&id, is_nginx, answered).await;
    request_id::set(response.headers_mut(), &id);
    headers::add(app, response.headers_mut());
    if is_head {
        without_body(&mut response);
    }
    response
}

/// The response to a request that the router refuses without a check, in the format of the entry point.
pub async fn refuse(app: &App, request: Request, error: V1Error) -> Response {
    let id = app.request_id();
    let path = request.uri().path();
    app.metrics
        .refused(EntryPoint::of(path).name(), error.kind().reason);
    let mut response = error.response(&id);
    if path == NGINX {
        response = forward_auth::for_nginx(response).await;
    }
    request_id::set(response.headers_mut(), &id);
    headers::add(app, response.headers_mut());
    if request.method() == Method::HEAD {
        without_body(&mut response);
    }
    response
}

/// The response, or that of the refusal, in the format of the entry point.
async fn finished(id: &str, is_nginx: bool, answered: Result<Response, V1Error>) -> Response {
    static LINES: LogLimit = LogLimit::new();
    let response = answered.unwrap_or_else(|error| {
        // A panic was logged where it happened.
        if LINES.allows() {
            tracing::error!(
                request_id = id,
                reason = error.kind().reason,
                "no response could be made"
            );
        }
        error.response(id)
    });
    if is_nginx {
        forward_auth::for_nginx(response).await
    } else {
        response
    }
}

/// A response to HEAD has the length of the omitted body (RFC 9110, section 9.3.2).
fn without_body(response: &mut Response) {
    if let Some(length) = response.body().size_hint().exact() {
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    }
    *response.body_mut() = Body::empty();
}

/// The response, if it starts in time. Most are ready immediately and need no timer.
async fn in_time(answer: impl Future<Output = Response>) -> Option<Response> {
    let mut answer = pin!(answer);
    match poll!(answer.as_mut()) {
        Poll::Ready(response) => Some(response),
        Poll::Pending => timeout(request_id::ANSWER, answer).await.ok(),
    }
}

async fn answer(app: &App, id: &str, openapi: &OpenApiCache, request: Request) -> Response {
    match Handler::of(request.uri().path()) {
        Handler::Report => Box::pin(v1::leak::handle(app, id, request)).await,
        Handler::Document => v1::openapi::handle(app, id, openapi, request.method()),
        Handler::Forwarded => forward_auth::handle(app, id, request).await,
        Handler::Nginx => forward_auth::handle_nginx(app, id, request).await,
        Handler::Envoy => forward_auth::handle_envoy(app, id, request).await,
        Handler::Route => v1::handle(app, id, request).await,
    }
}

/// The code that answers a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Handler {
    /// A leak report.
    Report,
    /// The OpenAPI document.
    Document,
    /// A subrequest of Caddy or Traefik.
    Forwarded,
    /// A subrequest of nginx.
    Nginx,
    /// A subrequest of Envoy.
    Envoy,
    /// A route of the catalogue.
    Route,
}

impl Handler {
    fn of(path: &str) -> Self {
        match path {
            "/forward-auth" => Self::Forwarded,
            NGINX => Self::Nginx,
            path if path.starts_with("/forward-auth/") => Self::Envoy,
            v1::leak::PATH => Self::Report,
            v1::openapi::PATH => Self::Document,
            // Escapes are read as in the paths of the catalogue.
            path if path.contains('%') => match request_path::read(path).as_deref() {
                Ok(v1::leak::PATH) => Self::Report,
                Ok(v1::openapi::PATH) => Self::Document,
                _ => Self::Route,
            },
            _ => Self::Route,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::to_bytes;

    /// No response in time, and a panic instead of one: status and code of the refusal.
    fn nothing() -> [(V1Error, u16, &'static str); 2] {
        [
            (V1Error::Unavailable, 503, "BSE5003"),
            (V1Error::Internal, 500, "BSE5000"),
        ]
    }

    /// Status, `X-Auth-Status` and body.
    async fn seen(response: Response) -> (u16, String, String) {
        let status = response.status().as_u16();
        let proper = response.headers().get("x-auth-status");
        let proper = proper
            .map_or("", |value| value.to_str().expect("text"))
            .to_owned();
        let body = to_bytes(response.into_body(), usize::MAX).await.expect("a body");
        (status, proper, String::from_utf8(body.to_vec()).expect("text"))
    }

    #[test]
    fn every_path_has_its_handler_in_any_spelling_that_is_read() {
        for (path, handler) in [
            ("/v1/keys/report-leak", Handler::Report),
            ("/v1/keys/report%2Dleak", Handler::Report),
            ("/v1/openapi.json", Handler::Document),
            ("/v1/%6fpenapi.json", Handler::Document),
            ("/v1/openapi%2Ejson", Handler::Route),
            ("/v1/status", Handler::Route),
            ("/v1", Handler::Route),
            ("/forward-auth", Handler::Forwarded),
            ("/forward-auth-nginx", Handler::Nginx),
            ("/forward-auth/nginx", Handler::Envoy),
            ("/forward-auth/", Handler::Envoy),
        ] {
            assert!(serves(path), "{path}");
            assert_eq!(Handler::of(path), handler, "{path}");
        }
        for path in [
            "/",
            "/v1x",
            "/forward-authx",
            "/forward-auth-nginx/",
            "/forward-auth-nginx/x",
        ] {
            assert!(!serves(path), "{path}");
        }
    }

    #[tokio::test]
    async fn a_missing_response_has_the_format_for_nginx() {
        for (error, expected, code) in nothing() {
            let response = finished("req_1", true, Err(error)).await;
            let envelope = response.headers().get("x-auth-body").expect("an envelope");
            let envelope = envelope.to_str().expect("text");
            assert!(
                envelope.contains(code) && envelope.contains("req_1"),
                "{envelope}"
            );
            let after = response.headers().get("x-auth-retry-after").cloned();
            assert_eq!(after, (expected == 503).then(|| HeaderValue::from(1)));
            assert_eq!(seen(response).await, (403, expected.to_string(), String::new()));
        }
        for (error, expected, code) in nothing() {
            let (status, proper, body) = seen(finished("req_1", false, Err(error)).await).await;
            assert_eq!((status, proper.as_str()), (expected, ""));
            assert!(body.contains(code) && body.contains("req_1"), "{body}");
        }
    }
}
