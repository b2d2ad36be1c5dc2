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
    /// The shown part of its text: the prefix and five random characters.
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

/// What follows the prefix of a key: ` works until 29 Nov, 23:50 UTC (in 24 hours).`
#[must_use]
pub fn works_until(end: Timestamp, now: Timestamp) -> String {
    format!(" works until {} ({}).", end.short(now), end.ahead(now))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(id: &str) -> Subject {
        Subject {
            id: id.to_owned(),
            name: "prod".to_owned(),
            prefix: "bye_a1B2c".to_owned(),
        }
    }

    #[test]
    fn a_line_about_a_secret_awaits_the_pages_of_its_keys() {
        let end = Timestamp::from_millis(0);
        let rotated = Done::Rotated {
            old: key("a"),
            new: "b".to_owned(),
            end,
        };
        let revoked = |only: Option<Subject>| Done::Revoked {
            only,
            keys: 1,
            skipped: 0,
        };
        let (changed, deleted) = (
            Done::GraceChanged { key: key("a"), end },
            Done::Deleted { only: None, keys: 2 },
        );
        for (done, awaited, focused) in [
            (Done::Created(key("a")), vec!["a"], Some("a")),
            (Done::Reissued(key("a")), vec!["a"], Some("a")),
            (rotated, vec!["a", "b"], Some("a")),
            (changed, vec![], Some("a")),
            (Done::Stopped(key("a")), vec![], Some("a")),
            (Done::LeakAcknowledged(key("a")), vec![], Some("a")),
            (revoked(Some(key("a"))), vec![], Some("a")),
            (revoked(None), vec![], None),
            (deleted, vec![], None),
            (Done::TeamCreated("Reef".to_owned()), vec![], None),
        ] {
            assert_eq!(done.awaited(), awaited, "{done:?}");
            assert_eq!(done.key().map(|key| key.id.as_str()), focused, "{done:?}");
        }
    }

    #[test]
    fn an_end_is_said_exactly_and_from_now() {
        let now = Timestamp::from_millis(1_795_458_000_000);
        let end = now.plus(std::time::Duration::from_hours(24));
        let said = works_until(end, now);
        assert!(said.starts_with(" works until "), "{said}");
        assert!(said.ends_with(" UTC (in 24 hours)."), "{said}");
    }
}
