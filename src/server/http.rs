//! HTTP: adapters between requests and use cases.

pub mod assets;
pub mod document;
pub mod functions;
pub mod health;
pub mod middleware;
pub mod pages;
pub mod session;
pub mod v1;

use super::service::ServiceError;
use crate::{
    api::{error::ApiError, keys::CreatedKey},
    server::service::keys::Created,
};
use axum::http::StatusCode;

/// Seconds after which a busy server is worth another try.
pub const RETRY_AFTER: u64 = 2;

/// The status of a refused use case, and what the person is told. Unknown failures are logged here, once; the person
/// gets the request id from the header alone.
#[must_use]
pub fn refusal(error: ServiceError) -> (StatusCode, ApiError) {
    match error {
        ServiceError::Invalid(fields) => (
            StatusCode::UNPROCESSABLE_ENTITY,
            ApiError {
                fields,
                ..ApiError::default()
            },
        ),
        ServiceError::Refused(sentence) => (StatusCode::UNPROCESSABLE_ENTITY, ApiError::message(sentence)),
        ServiceError::Conflict(sentence) => (StatusCode::CONFLICT, ApiError::message(sentence)),
        ServiceError::Unauthorized => (
            StatusCode::UNAUTHORIZED,
            ApiError::message(
                "You are signed out. Sign in in another tab, then send this again: it is still here.",
            ),
        ),
        ServiceError::NotFound => (StatusCode::NOT_FOUND, ApiError::message("There is no such page.")),
        ServiceError::Busy(_) => (
            StatusCode::SERVICE_UNAVAILABLE,
            ApiError::message(
                "The server is busy. What you typed is still here: try again in a few seconds.",
            ),
        ),
        ServiceError::Store(error) => {
            tracing::error!(error = &error as &dyn std::error::Error, "the database failed");
            unavailable()
        }
        ServiceError::Session(error) => {
            tracing::error!(error = %error, "a session could not be read or written");
            unavailable()
        }
    }
}

fn unavailable() -> (StatusCode, ApiError) {
    (
        StatusCode::SERVICE_UNAVAILABLE,
        ApiError::message(
            "The server could not do this now, and nothing was changed. Try again in a moment.",
        ),
    )
}

impl From<Created> for CreatedKey {
    fn from(created: Created) -> Self {
        Self {
            id: created.id.to_string(),
            name: created.name,
            preset: created.preset.label.to_owned(),
            secret: created.secret,
        }
    }
}
