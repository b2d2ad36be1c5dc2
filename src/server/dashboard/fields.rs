//! Parses forms and queries with repeated fields the way server functions do, so that both entry points have the same
//! format.

use crate::server::http::media_type;
use axum::{
    body::Bytes,
    extract::{FromRequest, FromRequestParts, Request},
    http::{StatusCode, request::Parts},
    response::{IntoResponse, Response},
};
use serde::de::DeserializeOwned;
use std::future::ready;

/// Extractor of a query's fields; a field named `keys[]` is a list.
pub struct Query<T>(pub T);

impl<T: DeserializeOwned + Send, S: Sync> FromRequestParts<S> for Query<T> {
    type Rejection = StatusCode;

    fn from_request_parts(parts: &mut Parts, _: &S) -> impl Future<Output = Result<Self, StatusCode>> + Send {
        let query = parts.uri.query().unwrap_or_default();
        let read = serde_qs::Config::new(5, false).deserialize_str(query);
        ready(read.map(Self).map_err(|_| StatusCode::BAD_REQUEST))
    }
}

/// Extractor of a posted form's fields; a field named `scopes[]` or `keys[]` is a list.
pub struct Form<T>(pub T);

impl<T: DeserializeOwned, S: Sync> FromRequest<S> for Form<T> {
    type Rejection = Response;

    async fn from_request(request: Request, _: &S) -> Result<Self, Response> {
        read(request).await.map(Self)
    }
}

/// Parses a posted form, for handlers that read it later.
///
/// # Errors
/// The response to a form that cannot be parsed.
pub async fn read<T: DeserializeOwned>(request: Request) -> Result<T, Response> {
    if !media_type::is_form(request.headers()) {
        return Err(StatusCode::UNSUPPORTED_MEDIA_TYPE.into_response());
    }
    let body = Bytes::from_request(request, &())
        .await
        .map_err(IntoResponse::into_response)?;
    // The same settings as server_fn: little nesting, and brackets may be percent-encoded, as browsers send
    // them.
    serde_qs::Config::new(5, false)
        .deserialize_bytes(&body)
        .map_err(|_| StatusCode::UNPROCESSABLE_ENTITY.into_response())
}
