//! The envelope of every response on `/v1` (docs.babysea.ai, `/setup/api`). Structs, so that the fields are
//! in reading order, and so that the OpenAPI document is generated from them. It shows the doc comments of
//! this file.

use super::error::kinds::Kind;
use crate::domain::time::Timestamp;
use axum::{
    body::Body,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::Response,
};
use serde::Serialize;
use std::borrow::Cow;
use utoipa::ToSchema;

/// Always `success`.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum Succeeded {
    Success,
}

/// Always `error`.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum Failed {
    Error,
}

/// A success with its data.
#[derive(Serialize, ToSchema)]
pub struct Success<'a, T> {
    #[schema(inline)]
    status: Succeeded,
    /// Request id, as in the header `X-Request-Id`.
    #[schema(pattern = "^req_[0-9A-HJKMNP-TV-Z]{26}$")]
    request_id: &'a str,
    /// A sentence for people.
    message: &'static str,
    /// Time of the response: ISO 8601 in UTC, with milliseconds.
    #[schema(format = DateTime)]
    timestamp: String,
    /// The requested data.
    data: T,
}

/// A refusal.
#[derive(Serialize, ToSchema)]
pub struct Failure<'a> {
    #[schema(inline)]
    status: Failed,
    /// Request id, as in the header `X-Request-Id`.
    #[schema(pattern = "^req_[0-9A-HJKMNP-TV-Z]{26}$")]
    request_id: &'a str,
    /// The error.
    error: Refused<'a>,
}

/// Why a request was refused.
#[derive(Serialize, ToSchema)]
struct Refused<'a> {
    /// Stable code, for use in programs.
    code: &'static str,
    /// Stable name of the code.
    #[serde(rename = "type")]
    kind: &'static str,
    /// A sentence for people; it may change.
    message: Cow<'static, str>,
    /// Whether the same request can succeed later. If so, wait for the seconds in the header `Retry-After`.
    retryable: bool,
    /// The specific cause, and its data.
    details: Details<'a>,
}

/// The specific cause of a refusal.
#[derive(Serialize, ToSchema)]
pub struct Details<'a> {
    /// The cause, as a stable word.
    pub reason: &'static str,
    /// The invalid parameter.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub field: Option<&'a str>,
    /// The part of the request that is refused: `method`, `path`, `header` or `body`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub part: Option<&'static str>,
    /// The character in the method or the path, or the name of the header.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, value_type = String)]
    pub found: Option<Cow<'a, str>>,
    /// The scope that the route needs and the key does not have.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub required_scope: Option<&'a str>,
    /// Whole seconds to wait, at least 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, minimum = 1)]
    pub retry_after_seconds: Option<u32>,
    /// The exceeded limit: requests a minute, bytes, or number of headers.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub limit: Option<u32>,
}

impl<'a> Failure<'a> {
    pub(super) fn new(
        request_id: &'a str,
        kind: &'static Kind,
        message: Cow<'static, str>,
        details: Details<'a>,
    ) -> Self {
        Self {
            status: Failed::Error,
            request_id,
            error: Refused {
                code: kind.code,
                kind: kind.name,
                message,
                retryable: kind.retryable,
                details,
            },
        }
    }
}

/// The envelope of a success.
pub fn success<T: Serialize>(request_id: &str, message: &'static str, now: Timestamp, data: T) -> Response {
    let envelope = Success {
        status: Succeeded::Success,
        request_id,
        message,
        timestamp: now.iso(),
        data,
    };
    answer(StatusCode::OK, &envelope)
}

/// A JSON response. Body and header map are allocated with room for most responses, because growing them
/// copies their content.
pub(super) fn answer(status: StatusCode, envelope: &impl Serialize) -> Response {
    let mut body = Vec::with_capacity(512);
    let mut headers = HeaderMap::with_capacity(14);
    let mut response = Response::default();
    if let Err(error) = serde_json::to_writer(&mut body, envelope) {
        tracing::error!(%error, "a response could not be encoded");
        *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
        return response;
    }
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    *response.body_mut() = Body::from(body);
    response
}
