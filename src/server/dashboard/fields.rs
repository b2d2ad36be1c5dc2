//! Forms and addresses with fields that come several times, read as server functions read theirs: one shape for both doors.

use axum::{
    body::Bytes,
    extract::{FromRequest as _, FromRequestParts, Request},
    http::{HeaderMap, StatusCode, header::CONTENT_TYPE, request::Parts},
    response::{IntoResponse, Response},
};
use serde::de::DeserializeOwned;
use std::future::ready;

/// The fields of an address; those named `keys[]` are a list.
pub struct Query<T>(pub T);

impl<T: DeserializeOwned + Send, S: Sync> FromRequestParts<S> for Query<T> {
    type Rejection = StatusCode;

    fn from_request_parts(parts: &mut Parts, _: &S) -> impl Future<Output = Result<Self, StatusCode>> + Send {
        let query = parts.uri.query().unwrap_or_default();
        let read = serde_qs::Config::new(5, false).deserialize_str(query);
        ready(read.map(Self).map_err(|_| StatusCode::BAD_REQUEST))
    }
}

/// Whether a body is said to be a form, with whatever parameters.
#[must_use]
pub fn is_form(headers: &HeaderMap) -> bool {
    let named = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let media_type = named
        .and_then(|named| named.split(';').next())
        .unwrap_or_default();
    media_type
        .trim()
        .eq_ignore_ascii_case("application/x-www-form-urlencoded")
}

/// The fields of a posted form; those named `scopes[]` or `keys[]` are a list.
///
/// # Errors
/// The answer to a form that cannot be read.
pub async fn read<T: DeserializeOwned>(request: Request) -> Result<T, Response> {
    if !is_form(request.headers()) {
        return Err(StatusCode::UNSUPPORTED_MEDIA_TYPE.into_response());
    }
    let body = Bytes::from_request(request, &())
        .await
        .map_err(IntoResponse::into_response)?;
    // As server_fn reads its own: few levels, and brackets may be percent-encoded, as browsers send them.
    serde_qs::Config::new(5, false)
        .deserialize_bytes(&body)
        .map_err(|_| StatusCode::UNPROCESSABLE_ENTITY.into_response())
}
