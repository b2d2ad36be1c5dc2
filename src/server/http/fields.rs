//! Posted forms with fields that come several times, read as server functions read theirs: one shape for both doors.

use axum::{
    body::Bytes,
    extract::{FromRequest as _, Request},
    http::{StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
};
use serde::de::DeserializeOwned;

/// The fields of a posted form; those named `scopes[]` are a list.
///
/// # Errors
/// The answer to a form that cannot be read.
pub async fn read<T: DeserializeOwned>(request: Request) -> Result<T, Response> {
    let media_type = request
        .headers()
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    if !media_type.is_some_and(|media_type| media_type.starts_with("application/x-www-form-urlencoded")) {
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
