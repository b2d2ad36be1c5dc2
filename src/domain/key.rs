//! An API key: its state, and the check whether it may be used.

pub mod form;
pub mod issue;
pub mod rate_limit;

use super::{
    ids::{AccountId, KeyId, UserId},
    name::KeyName,
    network::Allowlist,
    scope::Scopes,
    time::Timestamp,
};
use std::net::IpAddr;

/// Everything known of a key but its secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// Its id; names may repeat, ids do not.
    pub id: KeyId,
    /// The account it belongs to and whose data it opens.
    pub account: AccountId,
    /// Name given by its creator.
    pub name: KeyName,
    /// First 9 characters of its text.
    pub prefix: String,
    /// Machine name of the preset it was made with.
    pub preset: String,
    /// What it may do; fixed when it was made.
    pub scopes: Scopes,
    /// The addresses it may be used from.
    pub allowlist: Allowlist,
    /// Its creator; `None` once that person no longer exists.
    pub creator: Option<UserId>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last accepted.
    pub last_used_at: Option<Timestamp>,
    /// From when on it is refused by itself.
    pub expires_at: Option<Timestamp>,
    /// When a person disabled it.
    pub revoked_at: Option<Timestamp>,
    /// When it was reported as leaked.
    pub leak_reported_at: Option<Timestamp>,
    /// Requests a minute that it may make; nothing where only its account's limit applies.
    pub rate_limit: Option<u32>,
    /// The key it was made to replace, while that one exists.
    pub replaces: Option<KeyId>,
    /// When another key was made to replace it, and when it stops for that.
    pub rotation: Option<Rotation>,
}

/// A key that was replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rotation {
    /// When its replacement was made.
    pub at: Timestamp,
    /// The end of its grace period; its own expiry may come before.
    pub grace_ends_at: Timestamp,
}

/// What a person can do to a key that is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transition {
    /// Make a key to replace it.
    Rotate,
    /// Give it a new secret.
    Reissue,
    /// Let it stop before the end of its grace period, or later.
    ChangeGrace,
    /// Disable it.
    Revoke,
    /// Forget it.
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

/// The word in the column `Status`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyStatus {
    /// Live.
    Active,
    /// Replaced, and inside its grace period: it still works.
    Rotated,
    /// Past its end.
    Expired,
    /// Disabled by a person.
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

/// Why a known key may not pass.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Denial {
    /// Disabled by a person.
    Revoked,
    /// Past its end.
    Expired,
    /// Used from an address that is not in its allowlist, or from an unreadable address.
    IpNotAllowed,
    /// It lacks the scope.
    InsufficientScope,
}

impl Key {
    /// When it stops by itself: its own expiry, or the end of its grace period if that comes first (docs/security.md,
    /// S37).
    #[must_use]
    pub fn end(&self) -> Option<Timestamp> {
        let grace = self.rotation.map(|rotation| rotation.grace_ends_at);
        self.expires_at.into_iter().chain(grace).min()
    }

    /// The status at `now`; where several apply, Revoked comes before Expired, and Expired before Rotated. Valid if and
    /// only if now is before the end: no job has to run for it (docs/security.md, S77).
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

    /// Whether this key may be used from `client`, an address if it can be told, for a route that its scopes
    /// open or not. In the order of S41: state, allowlist, scope.
    ///
    /// # Errors
    /// The first reason why not.
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

    /// Whether the transition can be made at `now`.
    #[must_use]
    pub fn allows(&self, transition: Transition, now: Timestamp) -> bool {
        let status = self.status(now);
        match transition {
            Transition::Rotate => status == KeyStatus::Active,
            // Once it was used, a client has its secret.
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
    fn the_first_reason_is_told() {
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
