//! The actions that ask for confirmation, with their words.

use super::super::facts::Replacement;
use crate::{
    api::keys::{ChangeGrace, DeleteKeys, ReissueSecret, RevokeKeys, RotateKey},
    domain::time::Timestamp,
    ui::kit::send::navigates,
};
use leptos::server_fn::ServerFn as _;

/// The action to confirm.
#[derive(Clone, Debug)]
pub enum Ask {
    /// `Reissue secret`, for a key whose secret was lost before its first use (docs/security.md, S35).
    Reissue,
    /// `Rotate API key`.
    Rotate {
        /// An older key in its grace period, which this rotation stops at once.
        stops: Option<Older>,
        /// When the old key stops, for each choice of the grace period.
        ends: Vec<OldEnd>,
        /// When the new key expires.
        new_end: Option<Timestamp>,
    },
    /// `Change grace period`.
    ChangeGrace {
        /// The choices: ending it now (0 hours), and each later end, with the hours since the rotation.
        ends: Vec<OldEnd>,
        /// Its replacement.
        replacement: Replacement,
    },
    /// `Revoke API key`.
    Revoke,
    /// `Delete API key`.
    Delete {
        /// The text that the person has to type.
        confirmation: String,
    },
}

/// The key that the rotated key had replaced.
#[derive(Clone, Debug)]
pub struct Older {
    /// First 9 characters of the key.
    pub prefix: String,
    /// When it was last accepted.
    pub last_used_at: Option<Timestamp>,
}

/// When the old key stops, for one choice of its grace period.
#[derive(Clone, Copy, Debug)]
pub struct OldEnd {
    /// Hours of the grace period.
    pub hours: u64,
    /// When the key stops.
    pub end: Timestamp,
    /// Whether it stops then because it expires.
    pub is_expiry: bool,
}

impl Ask {
    /// Verb for what it does to a working key; `None` if the key goes on working.
    pub(in super::super) const fn verb(&self) -> Option<&'static str> {
        match self {
            Self::Reissue | Self::Rotate { .. } => None,
            Self::ChangeGrace { .. } => Some("stop"),
            Self::Revoke => Some("revoke"),
            Self::Delete { .. } => Some("delete"),
        }
    }

    /// Its name in the query.
    pub(super) const fn id(&self) -> &'static str {
        match self {
            Self::Reissue => "reissue",
            Self::Rotate { .. } => "rotate",
            Self::ChangeGrace { .. } => "grace",
            Self::Revoke => "revoke",
            Self::Delete { .. } => "delete",
        }
    }

    /// Path of its server function.
    pub(super) const fn function(&self) -> &'static str {
        match self {
            Self::Reissue => ReissueSecret::PATH,
            Self::Rotate { .. } => RotateKey::PATH,
            Self::ChangeGrace { .. } => navigates::<ChangeGrace>(),
            Self::Revoke => navigates::<RevokeKeys>(),
            Self::Delete { .. } => navigates::<DeleteKeys>(),
        }
    }

    pub(super) const fn title(&self, several: bool) -> &'static str {
        match self {
            Self::Reissue => "Reissue secret",
            Self::Rotate { .. } => "Rotate API key",
            Self::ChangeGrace { .. } => "Change grace period",
            Self::Revoke if several => "Revoke API keys",
            Self::Revoke => "Revoke API key",
            Self::Delete { .. } if several => "Delete API keys",
            Self::Delete { .. } => "Delete API key",
        }
    }

    pub(super) const fn lead(&self, several: bool) -> &'static str {
        match self {
            Self::Reissue => "Lost the secret? This key was never used, so you can give it a new one.",
            Self::Rotate { .. } => {
                "Creates a replacement key. The old key keeps working during the grace period."
            }
            Self::ChangeGrace { .. } => "Choose when the old key stops working.",
            Self::Revoke if several => {
                "Programs that use these keys stop working immediately. This cannot be undone."
            }
            Self::Revoke => "Programs that use this key stop working immediately. This cannot be undone.",
            Self::Delete { .. } if several => {
                "Deletes the keys and their request logs. This cannot be undone."
            }
            Self::Delete { .. } => "Deletes the key and its request log. This cannot be undone.",
        }
    }

    pub(super) const fn button(&self, several: bool) -> &'static str {
        match self {
            Self::Reissue => "Reissue secret",
            Self::Rotate { .. } => "Rotate key",
            Self::ChangeGrace { .. } => "Change grace period",
            Self::Revoke if several => "Revoke keys",
            Self::Revoke => "Revoke key",
            Self::Delete { .. } if several => "Delete keys",
            Self::Delete { .. } => "Delete key",
        }
    }

    pub(super) const fn is_destructive(&self) -> bool {
        matches!(self, Self::Revoke | Self::Delete { .. })
    }
}
