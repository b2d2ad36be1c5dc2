//! An API key: its state, and the decision whether it may be used.

pub mod form;
pub mod issue;
pub mod rate_limit;
pub mod recent_use;

use super::{
    ids::{AccountId, KeyId, UserId},
    name::KeyName,
    network::Allowlist,
    scope::Scopes,
    time::Timestamp,
};
use std::net::IpAddr;

/// Everything stored about a key except its secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// Its id. Names need not be unique.
    pub id: KeyId,
    /// The account that owns it.
    pub account: AccountId,
    /// Name given by its creator.
    pub name: KeyName,
    /// The shown part of its text: the prefix and five random characters.
    pub prefix: String,
    /// Machine name of the preset it was created with.
    pub preset: String,
    /// Its scopes; fixed at creation.
    pub scopes: Scopes,
    /// The addresses it may be used from.
    pub allowlist: Allowlist,
    /// Its creator; `None` once that person is deleted.
    pub creator: Option<UserId>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it was last accepted.
    pub last_used_at: Option<Timestamp>,
    /// When it expires.
    pub expires_at: Option<Timestamp>,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
    /// When it was reported as leaked.
    pub leak_reported_at: Option<Timestamp>,
    /// Its own rate limit, in requests a minute; with `None` only its account's limit applies.
    pub rate_limit: Option<u32>,
    /// The key that it replaced; `None` once that key is deleted.
    pub replaces: Option<KeyId>,
    /// Set once the key has a replacement.
    pub rotation: Option<Rotation>,
}

/// The rotation of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rotation {
    /// When its replacement was created.
    pub at: Timestamp,
    /// End of the grace period; the key's own expiry can come first.
    pub grace_ends_at: Timestamp,
}

/// An action of a person on an existing key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transition {
    /// Create a replacement.
    Rotate,
    /// Give it a new secret.
    Reissue,
    /// End its grace period earlier or later.
    ChangeGrace,
    /// Revoke it.
    Revoke,
    /// Delete it.
    Delete,
}

impl Transition {
    /// Every transition.
    pub const ALL: [Self; 5] = [
        Self::Rotate,
        Self::Reissue,
        Self::ChangeGrace,
        Self::Revoke,
        Self::Delete,
    ];
}

/// Status of a key, as shown in the column `Status`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyStatus {
    /// It works.
    Active,
    /// It has a replacement and is in its grace period: it still works.
    Rotated,
    /// Past its expiry or its grace period.
    Expired,
    /// Revoked, by a person or after a leak report.
    Revoked,
}

impl KeyStatus {
    /// Every status.
    pub const ALL: [Self; 4] = [Self::Active, Self::Rotated, Self::Expired, Self::Revoked];

    /// Whether keys with this status are accepted.
    #[must_use]
    pub const fn is_live(self) -> bool {
        matches!(self, Self::Active | Self::Rotated)
    }

    /// Its value in the query of the list, and in SQL.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Rotated => "rotated",
            Self::Expired => "expired",
            Self::Revoked => "revoked",
        }
    }

    /// The status with this id.
    #[must_use]
    pub fn from_id(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.id() == id)
    }

    /// The vendor's word (docs.babysea.ai, `/dashboard/api-keys`).
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Active => "Active",
            Self::Rotated => "Rotated",
            Self::Expired => "Expired",
            Self::Revoked => "Revoked",
        }
    }
}

/// Why the check refuses a known key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Denial {
    /// It is revoked.
    Revoked,
    /// It is past its end.
    Expired,
    /// The client's address is not in its allowlist, or is unknown.
    IpNotAllowed,
    /// It lacks the scope of the route.
    InsufficientScope,
}

impl Key {
    /// When it ends without an action: at its expiry, or at the end of its grace period if that comes first
    /// (docs/security.md, S37).
    #[must_use]
    pub fn end(&self) -> Option<Timestamp> {
        let grace = self.rotation.map(|rotation| rotation.grace_ends_at);
        self.expires_at.into_iter().chain(grace).min()
    }

    /// The status at `now`. If several apply, Revoked comes before Expired, and Expired before Rotated. It is
    /// derived from `now` alone, so no job has to run for a key to expire (docs/security.md, S77).
    #[must_use]
    pub fn status(&self, now: Timestamp) -> KeyStatus {
        if self.revoked_at.is_some() {
            KeyStatus::Revoked
        } else if self.end().is_some_and(|end| now >= end) {
            KeyStatus::Expired
        } else if self.rotation.is_some() {
            KeyStatus::Rotated
        } else {
            KeyStatus::Active
        }
    }

    /// Decides whether the key may be used. `client` is the client's address if it is known; `is_open` says
    /// whether the key's scopes open the route. Checked in the order of S41: state, allowlist, scope.
    ///
    /// # Errors
    /// The first reason to refuse.
    pub fn decide(&self, client: Option<IpAddr>, is_open: bool, now: Timestamp) -> Result<(), Denial> {
        let allowed = self.allowlist.is_empty() || client.is_some_and(|client| self.allowlist.allows(client));
        match self.status(now) {
            KeyStatus::Revoked => Err(Denial::Revoked),
            KeyStatus::Expired => Err(Denial::Expired),
            KeyStatus::Active | KeyStatus::Rotated if !allowed => Err(Denial::IpNotAllowed),
            KeyStatus::Active | KeyStatus::Rotated if !is_open => Err(Denial::InsufficientScope),
            KeyStatus::Active | KeyStatus::Rotated => Ok(()),
        }
    }

    /// Whether the key's state allows the action at `now`.
    #[must_use]
    pub fn allows(&self, transition: Transition, now: Timestamp) -> bool {
        let status = self.status(now);
        match transition {
            Transition::Rotate => status == KeyStatus::Active,
            // A key that was used has a client that would lose access.
            Transition::Reissue => status.is_live() && self.last_used_at.is_none(),
            Transition::ChangeGrace => status == KeyStatus::Rotated,
            Transition::Revoke => status.is_live(),
            Transition::Delete => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const T: i64 = 1_795_458_000_000;

    fn key(expires_at: Option<i64>, revoked_at: Option<i64>) -> Key {
        Key {
            id: KeyId::from_random([1; 16]),
            account: AccountId::from_random([2; 16]),
            name: KeyName::parse("prod").expect("a name"),
            prefix: "bye_a1B2c".into(),
            preset: "read_only".into(),
            scopes: ["account:read"].into_iter().collect(),
            allowlist: Allowlist::default(),
            creator: None,
            created_at: Timestamp::from_millis(0),
            last_used_at: None,
            expires_at: expires_at.map(Timestamp::from_millis),
            revoked_at: revoked_at.map(Timestamp::from_millis),
            leak_reported_at: None,
            rate_limit: None,
            replaces: None,
            rotation: None,
        }
    }

    fn rotated(grace_ends_at: i64, expires_at: Option<i64>, revoked_at: Option<i64>) -> Key {
        let rotation = Rotation {
            at: Timestamp::from_millis(T - 10),
            grace_ends_at: Timestamp::from_millis(grace_ends_at),
        };
        Key {
            rotation: Some(rotation),
            ..key(expires_at, revoked_at)
        }
    }

    #[test]
    fn a_rotated_key_ends_with_its_grace_and_never_past_its_own_expiry() {
        let now = Timestamp::from_millis(T);
        for (grace, expires, revoked, status) in [
            (T + 1, None, None, KeyStatus::Rotated),
            (T, None, None, KeyStatus::Expired),
            (T + 9, Some(T + 1), None, KeyStatus::Rotated),
            (T + 9, Some(T), None, KeyStatus::Expired),
            (T + 9, None, Some(T - 1), KeyStatus::Revoked),
        ] {
            let key = rotated(grace, expires, revoked);
            assert_eq!(key.status(now), status, "{grace} {expires:?} {revoked:?}");
            assert_eq!(
                key.decide(None, true, now).is_ok(),
                status.is_live(),
                "{status:?}"
            );
        }
    }

    #[test]
    fn what_each_status_allows() {
        use Transition::{ChangeGrace, Delete, Reissue, Revoke, Rotate};
        let now = Timestamp::from_millis(T);
        let used = Key {
            last_used_at: Some(now),
            ..key(None, None)
        };
        let used_in_grace = Key {
            last_used_at: Some(now),
            ..rotated(T + 1, None, None)
        };
        for (key, allowed) in [
            (key(None, None), &[Rotate, Reissue, Revoke, Delete][..]),
            (used, &[Rotate, Revoke, Delete]),
            (
                rotated(T + 1, None, None),
                &[Reissue, ChangeGrace, Revoke, Delete],
            ),
            (used_in_grace, &[ChangeGrace, Revoke, Delete]),
            (rotated(T, None, None), &[Delete]),
            (key(Some(T), None), &[Delete]),
            (key(None, Some(T)), &[Delete]),
        ] {
            let got: Vec<_> = Transition::ALL
                .into_iter()
                .filter(|&transition| key.allows(transition, now))
                .collect();
            assert_eq!(got, allowed, "{:?}", key.status(now));
        }
    }

    #[test]
    fn statuses_have_the_words_of_the_vendor() {
        let words = ["Active", "Rotated", "Expired", "Revoked"];
        assert_eq!(KeyStatus::ALL.map(KeyStatus::label), words);
        let live = [true, true, false, false];
        assert_eq!(KeyStatus::ALL.map(KeyStatus::is_live), live);
    }

    #[test]
    fn status_by_the_clock() {
        let now = Timestamp::from_millis(T);
        for (expires, revoked, status) in [
            (None, None, KeyStatus::Active),
            (Some(T + 1), None, KeyStatus::Active),
            (Some(T), None, KeyStatus::Expired),
            (None, Some(T), KeyStatus::Revoked),
            (Some(T - 1), Some(T), KeyStatus::Revoked),
        ] {
            assert_eq!(
                key(expires, revoked).status(now),
                status,
                "{expires:?} {revoked:?}"
            );
        }
    }

    #[test]
    fn the_first_reason_is_returned() {
        let now = Timestamp::from_millis(T);
        let inside = Some(IpAddr::from([203, 0, 113, 7]));
        let outside = Some(IpAddr::from([203, 0, 114, 7]));
        let decide = |expires, revoked, list: &str, client, is_open| {
            let mut key = key(expires, revoked);
            key.allowlist = Allowlist::from_stored(list).expect("a list");
            key.decide(client, is_open, now)
        };
        let block = "203.0.113.0/24";
        for (expires, revoked, list, client, is_open, expected) in [
            (None, None, "", None, true, Ok(())),
            (None, None, block, inside, true, Ok(())),
            (None, None, block, outside, true, Err(Denial::IpNotAllowed)),
            (None, None, block, None, true, Err(Denial::IpNotAllowed)),
            (None, None, block, outside, false, Err(Denial::IpNotAllowed)),
            (None, None, block, inside, false, Err(Denial::InsufficientScope)),
            (Some(1), None, block, outside, false, Err(Denial::Expired)),
            (Some(1), Some(1), block, outside, false, Err(Denial::Revoked)),
        ] {
            let got = decide(expires, revoked, list, client, is_open);
            assert_eq!(
                got, expected,
                "{expires:?} {revoked:?} {list} {client:?} {is_open}"
            );
        }
    }
}
