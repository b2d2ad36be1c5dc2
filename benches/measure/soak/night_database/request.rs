//! Kinds of requests, and their right responses.

use super::super::bounds::people::Person;
use crate::program::{Reply, form};

/// Kinds of requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The check of a cached key.
    Known,
    /// The check of a key that is not cached.
    Fresh,
    /// The check of a key that was created meanwhile.
    Made,
    /// The check of a key whose revocation was answered.
    Ended,
    /// The check of an unknown key.
    Unknown,
    /// Creating a key.
    Create,
    /// Revoking one.
    Revoke,
    /// The keys page.
    Page,
    /// `/readyz`.
    Ready,
    /// `/readyz?checks`.
    ReadyForChecks,
}

impl Kind {
    /// Its column in the table.
    pub const fn column(self) -> Column {
        match self {
            Self::Known | Self::Fresh | Self::Made | Self::Ended | Self::Unknown => Column::Checks,
            Self::Create | Self::Revoke => Column::Changes,
            Self::Page => Column::Page,
            Self::Ready => Column::Ready,
            Self::ReadyForChecks => Column::ReadyForChecks,
        }
    }

    /// Whether a response is right.
    pub fn judge(self, reply: &Reply) -> Verdict {
        let right = match self {
            Self::Ended | Self::Unknown => 401,
            _ => 200,
        };
        match (reply.status, self.column()) {
            (status, _) if status == right => Verdict::Right,
            (503, Column::Ready | Column::ReadyForChecks) => {
                if reply.body.contains(r#""reason":"database""#) {
                    Verdict::Refused
                } else {
                    Verdict::Wrong
                }
            }
            (503, _) => Verdict::Refused,
            _ => Verdict::Wrong,
        }
    }
}

/// A column of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Column {
    /// Checks of keys.
    Checks,
    /// Creating and revoking.
    Changes,
    /// The keys page.
    Page,
    /// `/readyz`.
    Ready,
    /// `/readyz?checks`.
    ReadyForChecks,
}

impl Column {
    /// Every one.
    pub const ALL: [Self; 5] = [
        Self::Checks,
        Self::Changes,
        Self::Page,
        Self::Ready,
        Self::ReadyForChecks,
    ];

    /// Its heading.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Checks => "checks",
            Self::Changes => "changes",
            Self::Page => "keys page",
            Self::Ready => "`/readyz`",
            Self::ReadyForChecks => "`/readyz?checks`",
        }
    }
}

/// The verdict about a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// As expected from a working database.
    Right,
    /// 503.
    Refused,
    /// Anything else, or none at all.
    Wrong,
}

/// A form that revokes keys.
pub fn revocation(person: &Person, ids: &[&str]) -> String {
    let mut fields = format!("account={}&reason=", person.slug);
    for id in ids {
        fields.push_str("&keys%5B%5D=");
        fields.push_str(id);
    }
    form("/api/keys/revoke", &person.cookie, "", &fields)
}
