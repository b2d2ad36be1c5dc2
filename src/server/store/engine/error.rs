//! Errors of the database. Its own messages are only for the log.

use super::{dialect, fitness};

/// Why a store operation failed.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Another row already has this unique value.
    #[error("a value that must be unique exists already: {0:?}")]
    Taken(Unique),
    /// The database is unavailable or refuses; the source is for the log only.
    #[error("the database failed")]
    Broken(#[source] sqlx::Error),
    /// The database did not answer in time.
    #[error("the database did not answer in time")]
    Slow,
    /// COMMIT was sent and not answered: the change may have happened.
    #[error("the database did not answer COMMIT: the change may have been stored")]
    Unanswered,
    /// The statement exceeded its time limit.
    #[error("the statement took longer than its time limit")]
    TooLong,
    /// The database file does not match the journal beside it; carries a sentence for the server operator.
    #[error("{0}")]
    Unfit(String),
    /// A stored value is invalid.
    #[error("a stored value cannot be read: {0}")]
    Unreadable(&'static str),
}

/// A unique constraint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unique {
    /// A person's email.
    Email,
    /// An account's slug.
    Slug,
    /// The token of a form that yields one secret.
    FormToken,
    /// A person in a team.
    Membership,
    /// A random value.
    Other,
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        fitness::judge(&error);
        match error.as_database_error() {
            Some(ended) if dialect::was_interrupted(ended) => Self::TooLong,
            Some(refused) if refused.is_unique_violation() => Self::Taken(dialect::unique(refused)),
            _ => Self::Broken(error),
        }
    }
}

impl StoreError {
    /// Whether the result of the change is unknown.
    #[must_use]
    pub const fn is_unanswered(&self) -> bool {
        matches!(self, Self::Unanswered)
    }

    /// Whether the disk is full (SQLITE_FULL, SQLSTATE 53100).
    pub(super) fn is_full(&self) -> bool {
        let Self::Broken(sqlx::Error::Database(error)) = self else {
            return false;
        };
        error.code().is_some_and(|code| matches!(&*code, "13" | "53100"))
    }

    /// The database's error code, if it refuses the values of a statement: the statement can succeed with
    /// others. `None` if it is unavailable, busy, full, read-only, or another database: the same statement
    /// can then succeed later.
    #[must_use]
    pub fn refusal(&self) -> Option<String> {
        match self {
            Self::Taken(unique) => Some(format!("{unique:?} is taken")),
            Self::Unreadable(what) => Some((*what).to_owned()),
            Self::Broken(sqlx::Error::Database(error)) => {
                let code = error.code()?;
                dialect::is_of_values(error.as_ref(), &code).then(|| match error.constraint() {
                    Some(constraint) => format!("{code}, {constraint}"),
                    None => code.into_owned(),
                })
            }
            Self::Broken(
                error @ (sqlx::Error::Encode(_)
                | sqlx::Error::Decode(_)
                | sqlx::Error::ColumnDecode { .. }
                | sqlx::Error::InvalidArgument(_)),
            ) => Some(error.to_string()),
            Self::Slow | Self::TooLong | Self::Unanswered | Self::Unfit(_) | Self::Broken(_) => None,
        }
    }
}
