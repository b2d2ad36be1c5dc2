//! Why a use case did not happen: the one error of the service layer, and of what stands below it.

use super::{secret::fair_queue::Busy, store::StoreError};
use crate::domain::field_errors::FieldErrors;

/// Why a use case did not happen. Nothing was changed then, unless [`ServiceError::is_unanswered`].
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    /// Fields were refused.
    #[error("invalid fields")]
    Invalid(FieldErrors),
    /// The whole form was refused; the sentence is for the person.
    #[error("{0}")]
    Refused(&'static str),
    /// The form was sent before, and what it gave is given once; the sentence is for the person.
    #[error("{0}")]
    Repeated(&'static str),
    /// It has happened already, or there is no room for it; the sentence is for the person.
    #[error("{0}")]
    Conflict(String),
    /// Theirs to see, not to do; the sentence is for the person.
    #[error("{0}")]
    Forbidden(&'static str),
    /// Nobody is signed in.
    #[error("not signed in")]
    Unauthorized,
    /// Absent, or not theirs.
    #[error("not found")]
    NotFound,
    /// Tried too often; worth another try after so many seconds.
    #[error("too many attempts")]
    Wait(u32),
    /// Another long query of the account is running, or this one took too long; the sentence is for the person.
    #[error("{0}")]
    Overloaded(&'static str),
    /// Too much to do; worth another try soon.
    #[error(transparent)]
    Busy(#[from] Busy),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The session could not be read or written.
    #[error(transparent)]
    Session(#[from] tower_sessions::session::Error),
}

impl ServiceError {
    /// The database did not answer in time.
    #[must_use]
    pub const fn slow() -> Self {
        Self::Store(StoreError::Slow)
    }

    /// Whether the result of the change is unknown, because COMMIT was not answered.
    #[must_use]
    pub const fn is_unanswered(&self) -> bool {
        matches!(self, Self::Store(error) if error.is_unanswered())
    }
}
