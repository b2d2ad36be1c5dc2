//! Why a use case did not happen: the error of the service layer and of the layers below it.

use super::{secret::fair_queue::Busy, store::StoreError};
use crate::domain::field_errors::FieldErrors;

/// Why a use case did not happen. Nothing was changed, unless [`ServiceError::is_unanswered`].
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    /// Fields were refused.
    #[error("invalid fields")]
    Invalid(FieldErrors),
    /// The whole form was refused; carries a sentence for the person.
    #[error("{0}")]
    Refused(&'static str),
    /// The form was already submitted, and its secret is shown only once; carries a sentence for the person.
    #[error("{0}")]
    Repeated(&'static str),
    /// The state does not allow it, or a cap is reached; carries a sentence for the person.
    #[error("{0}")]
    Conflict(String),
    /// At least one of the keys was deleted; carries a sentence for the person.
    #[error("{0}")]
    Gone(&'static str),
    /// The keys have changed, and none of them allows the action any more; carries a sentence for the person.
    #[error("{0}")]
    Ended(&'static str),
    /// Their role does not allow it; carries a sentence for the person.
    #[error("{0}")]
    Forbidden(&'static str),
    /// Not signed in.
    #[error("not signed in")]
    Unauthorized,
    /// Absent, or not theirs.
    #[error("not found")]
    NotFound,
    /// Too many attempts; retry after so many seconds.
    #[error("too many attempts")]
    Wait(u32),
    /// Another long query of the account is running, or this one took too long; carries a sentence for the
    /// person.
    #[error("{0}")]
    Overloaded(&'static str),
    /// No capacity; retry soon.
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
