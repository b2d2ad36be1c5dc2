//! What people did in an account: one entry for each change, written with it and never changed afterwards
//! (docs/security.md, S66 and S67).

use super::{
    ids::{AccountId, UserId},
    time::Timestamp,
};

/// What was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// A key was made.
    KeyCreated,
    /// A key was made to replace another.
    KeyRotated,
    /// A key that was never used got a new secret.
    SecretReissued,
    /// A key was disabled.
    KeyRevoked,
    /// A key was forgotten.
    KeyDeleted,
}

impl Event {
    /// As it is stored: `category.action` (docs.babysea.ai, `/dashboard/activity`).
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::KeyCreated => "api_key.created",
            Self::KeyRotated => "api_key.rotated",
            Self::SecretReissued => "api_key.secret_reissued",
            Self::KeyRevoked => "api_key.revoked",
            Self::KeyDeleted => "api_key.deleted",
        }
    }
}

/// An entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry<'a> {
    /// Its id.
    pub id: String,
    /// The account.
    pub account: AccountId,
    /// When it was done.
    pub at: Timestamp,
    /// Who did it.
    pub actor: UserId,
    /// Their name then.
    pub actor_name: &'a str,
    /// What was done.
    pub event: Event,
    /// Id of what it was done to; that may be gone by now.
    pub target: String,
    /// Its name then.
    pub target_name: &'a str,
    /// What else is to be known of it, in words.
    pub detail: String,
    /// The request that asked for it.
    pub request_id: &'a str,
    /// First 12 hex digits of the HMAC-SHA-256 of the address it came from; nothing when that was unreadable.
    pub ip_hash: Option<&'a str>,
}
