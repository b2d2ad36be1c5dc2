//! What an action has done: the status line of the page that follows it.

use super::{key::Key, time::Timestamp};
use serde::{Deserialize, Serialize};

/// A key in a status line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subject {
    /// Id.
    pub id: String,
    /// Name.
    pub name: String,
    /// First 9 characters of its text.
    pub prefix: String,
}

impl From<&Key> for Subject {
    fn from(key: &Key) -> Self {
        Self {
            id: key.id.to_string(),
            name: key.name.to_string(),
            prefix: key.prefix.clone(),
        }
    }
}

/// A completed action.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Done {
    /// A key was created.
    Created(Subject),
    /// A key got a new secret.
    Reissued(Subject),
    /// A key was rotated.
    Rotated {
        /// The old key.
        old: Subject,
        /// Id of its replacement.
        new: String,
        /// When the old key stops.
        end: Timestamp,
    },
    /// The grace period of a key was changed.
    GraceChanged {
        /// The key.
        key: Subject,
        /// When it stops.
        end: Timestamp,
    },
    /// A key was stopped before the end of its grace period.
    Stopped(Subject),
    /// Keys were revoked.
    Revoked {
        /// The key, if only one was selected.
        only: Option<Subject>,
        /// Number of keys that were revoked.
        keys: usize,
        /// Number of selected keys that had already ended.
        skipped: usize,
    },
    /// Keys were deleted.
    Deleted {
        /// Name of the key, if it was one.
        only: Option<String>,
        /// Their number.
        keys: usize,
    },
    /// A leak was acknowledged.
    LeakAcknowledged(Subject),
    /// A team with this name was created.
    TeamCreated(String),
}

impl Done {
    /// Ids of the keys whose pages, or whose rows of the list, show the status line. Empty if the next page
    /// shows it, whichever that is.
    ///
    /// An action that reveals a secret has no next page until the dialog with the secret is closed. Another
    /// tab must not show its status line meanwhile.
    #[must_use]
    pub fn awaited(&self) -> Vec<&str> {
        match self {
            Self::Created(key) | Self::Reissued(key) => vec![&key.id],
            Self::Rotated { old, new, .. } => vec![&old.id, new],
            _ => Vec::new(),
        }
    }

    /// The key whose row gets the focus, if there is one.
    #[must_use]
    pub fn key(&self) -> Option<&Subject> {
        match self {
            Self::Created(key)
            | Self::Reissued(key)
            | Self::Rotated { old: key, .. }
            | Self::GraceChanged { key, .. }
            | Self::Stopped(key)
            | Self::LeakAcknowledged(key)
            | Self::Revoked { only: Some(key), .. } => Some(key),
            Self::Revoked { only: None, .. } | Self::Deleted { .. } | Self::TeamCreated(_) => None,
        }
    }
}

/// `bye_a1B2c... works until 29 Nov, 23:50 UTC (in 24 hours).`
#[must_use]
pub fn works_until(prefix: &str, end: Timestamp, now: Timestamp) -> String {
    format!("{prefix}... works until {} ({}).", end.short(now), end.ahead(now))
}
