//! Roles in an account, and what each may do: the one table that access is decided by (docs/security.md, "Roles").

use serde::{Deserialize, Serialize};

/// The role of a person in an account. Without a role, the account looks absent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// The one person an account belongs to; of a personal account its only one.
    PrimaryOwner,
    /// Manages keys beside the primary owner.
    Owner,
    /// Reads.
    Member,
}

/// What can be done in an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// See the keys, without their secrets.
    SeeKeys,
    /// Make a key and see its secret once.
    CreateKey,
    /// Give a key that was never used a new secret.
    ReissueSecret,
    /// Make a key to replace another.
    RotateKey,
    /// End or move the grace period of a key that was replaced.
    ChangeGrace,
    /// Disable a key.
    RevokeKey,
    /// Forget a key.
    DeleteKey,
    /// Say that one knows of a leaked key.
    AcknowledgeLeak,
}

impl Role {
    /// Every role, the highest first.
    pub const ALL: [Self; 3] = [Self::PrimaryOwner, Self::Owner, Self::Member];

    /// Whether this role may do `action`.
    #[must_use]
    pub const fn may(self, action: Action) -> bool {
        match action {
            Action::SeeKeys => true,
            Action::CreateKey
            | Action::ReissueSecret
            | Action::RotateKey
            | Action::ChangeGrace
            | Action::RevokeKey
            | Action::DeleteKey
            | Action::AcknowledgeLeak => matches!(self, Self::PrimaryOwner | Self::Owner),
        }
    }

    /// As it is stored and given on the command line.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::PrimaryOwner => "primary-owner",
            Self::Owner => "owner",
            Self::Member => "member",
        }
    }

    /// The role with this id.
    #[must_use]
    pub fn from_id(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.id() == id)
    }

    /// For people, in the middle of a sentence.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::PrimaryOwner => "primary owner",
            Self::Owner => "owner",
            Self::Member => "member",
        }
    }
}

impl Action {
    /// Every action.
    pub const ALL: [Self; 8] = [
        Self::SeeKeys,
        Self::CreateKey,
        Self::ReissueSecret,
        Self::RotateKey,
        Self::ChangeGrace,
        Self::RevokeKey,
        Self::DeleteKey,
        Self::AcknowledgeLeak,
    ];

    /// For people.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::SeeKeys => "See keys",
            Self::CreateKey => "Create API key",
            Self::ReissueSecret => "Reissue secret",
            Self::RotateKey => "Rotate API key",
            Self::ChangeGrace => "Change grace period",
            Self::RevokeKey => "Revoke API key",
            Self::DeleteKey => "Delete API key",
            Self::AcknowledgeLeak => "Acknowledge a leak",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_read_back() {
        for role in Role::ALL {
            assert_eq!(Role::from_id(role.id()), Some(role));
        }
        assert_eq!(Role::from_id("admin"), None);
    }

    #[test]
    fn members_only_read() {
        for action in Action::ALL {
            assert_eq!(Role::Member.may(action), action == Action::SeeKeys, "{action:?}");
            assert!(
                Role::Owner.may(action) && Role::PrimaryOwner.may(action),
                "{action:?}"
            );
        }
    }
}
