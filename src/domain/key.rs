//! An API key as it stands, and whether it may pass.

use super::{
    ids::{AccountId, KeyId, UserId},
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
    pub name: String,
    /// First 9 characters of its text.
    pub prefix: String,
    /// Machine name of the preset it was made with.
    pub preset: String,
    /// What it may do; fixed when it was made.
    pub scopes: Scopes,
    /// The addresses it may be used from.
    pub allowlist: Allowlist,
    /// Who made it; nobody once that person is gone.
    pub creator: Option<UserId>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last accepted.
    pub last_used_at: Option<Timestamp>,
    /// From when on it is refused by itself.
    pub expires_at: Option<Timestamp>,
    /// When a person disabled it.
    pub revoked_at: Option<Timestamp>,
}

/// The word in the column `Status`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyStatus {
    /// Live.
    Active,
    /// Past its end.
    Expired,
    /// Disabled by a person.
    Revoked,
}

impl KeyStatus {
    /// The vendor's word (docs.babysea.ai, `/dashboard/api-keys`).
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Active => "Active",
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
    /// Used from an address that its allowlist does not hold, or from one that cannot be told.
    IpNotAllowed,
    /// It lacks the scope that it carries.
    InsufficientScope(&'static str),
}

impl Key {
    /// The status at `now`; where several apply, Revoked comes before Expired. Valid if and only if now is before the
    /// end (docs/security.md, S77's rule: judged when used).
    #[must_use]
    pub fn status(&self, now: Timestamp) -> KeyStatus {
        if self.revoked_at.is_some() {
            KeyStatus::Revoked
        } else if self.expires_at.is_some_and(|end| now >= end) {
            KeyStatus::Expired
        } else {
            KeyStatus::Active
        }
    }

    /// Whether this key may be used from `client`, an address if it can be told, for a route that needs `scope`. In the
    /// order of S41: state, allowlist, scope.
    ///
    /// # Errors
    /// The first reason why not.
    pub fn decide(&self, client: Option<IpAddr>, scope: &'static str, now: Timestamp) -> Result<(), Denial> {
        let allowed = self.allowlist.is_empty() || client.is_some_and(|client| self.allowlist.allows(client));
        match self.status(now) {
            KeyStatus::Revoked => Err(Denial::Revoked),
            KeyStatus::Expired => Err(Denial::Expired),
            KeyStatus::Active if !allowed => Err(Denial::IpNotAllowed),
            KeyStatus::Active if !self.scopes.contains(scope) => Err(Denial::InsufficientScope(scope)),
            KeyStatus::Active => Ok(()),
        }
    }

    /// Whether its secret may be given anew at `now`: it works, and nobody ever used it.
    #[must_use]
    pub fn can_be_reissued(&self, now: Timestamp) -> bool {
        self.last_used_at.is_none() && self.status(now) == KeyStatus::Active
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
            name: "prod".into(),
            prefix: "bye_a1B2c".into(),
            preset: "read_only".into(),
            scopes: ["account:read"].into_iter().collect(),
            allowlist: Allowlist::default(),
            creator: None,
            created_at: Timestamp::from_millis(0),
            last_used_at: None,
            expires_at: expires_at.map(Timestamp::from_millis),
            revoked_at: revoked_at.map(Timestamp::from_millis),
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
        let decide = |expires, revoked, list: &str, client, scope| {
            let mut key = key(expires, revoked);
            key.allowlist = Allowlist::from_stored(list).expect("a list");
            key.decide(client, scope, now)
        };
        let block = "203.0.113.0/24";
        for (expires, revoked, list, client, scope, expected) in [
            (None, None, "", None, "account:read", Ok(())),
            (None, None, block, inside, "account:read", Ok(())),
            (
                None,
                None,
                block,
                outside,
                "account:read",
                Err(Denial::IpNotAllowed),
            ),
            (None, None, block, None, "account:read", Err(Denial::IpNotAllowed)),
            (
                None,
                None,
                block,
                outside,
                "health:read",
                Err(Denial::IpNotAllowed),
            ),
            (
                None,
                None,
                block,
                inside,
                "health:read",
                Err(Denial::InsufficientScope("health:read")),
            ),
            (Some(1), None, block, outside, "health:read", Err(Denial::Expired)),
            (
                Some(1),
                Some(1),
                block,
                outside,
                "health:read",
                Err(Denial::Revoked),
            ),
        ] {
            let got = decide(expires, revoked, list, client, scope);
            assert_eq!(got, expected, "{expires:?} {revoked:?} {list} {client:?} {scope}");
        }
    }

    #[test]
    fn only_a_working_key_that_was_never_used_gets_a_new_secret() {
        let now = Timestamp::from_millis(T);
        assert!(key(None, None).can_be_reissued(now));
        assert!(!key(Some(T), None).can_be_reissued(now));
        assert!(!key(None, Some(1)).can_be_reissued(now));
        let mut used = key(None, None);
        used.last_used_at = Some(now);
        assert!(!used.can_be_reissued(now));
    }
}
