//! An API key as it stands, and whether it may pass.

use super::{
    ids::{AccountId, KeyId, UserId},
    scope::Scopes,
    time::Timestamp,
};

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

    /// Whether this key may call a route that needs `scope`, in the order of S41: state first, then scope.
    ///
    /// # Errors
    /// The first reason why not.
    pub fn decide(&self, scope: &'static str, now: Timestamp) -> Result<(), Denial> {
        match self.status(now) {
            KeyStatus::Revoked => Err(Denial::Revoked),
            KeyStatus::Expired => Err(Denial::Expired),
            KeyStatus::Active if self.scopes.contains(scope) => Ok(()),
            KeyStatus::Active => Err(Denial::InsufficientScope(scope)),
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
            name: "prod".into(),
            prefix: "bye_a1B2c".into(),
            preset: "read_only".into(),
            scopes: ["account:read"].into_iter().collect(),
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
    fn state_is_told_before_scope() {
        let now = Timestamp::from_millis(T);
        assert_eq!(key(None, None).decide("account:read", now), Ok(()));
        assert_eq!(
            key(None, None).decide("health:read", now),
            Err(Denial::InsufficientScope("health:read"))
        );
        assert_eq!(
            key(None, Some(1)).decide("health:read", now),
            Err(Denial::Revoked)
        );
        assert_eq!(
            key(Some(1), None).decide("account:read", now),
            Err(Denial::Expired)
        );
    }
}
