//! Roles in an account: the one table that access is decided by (docs/security.md, "Roles").

use serde::{Deserialize, Serialize};

/// Role of a person in an account. To a person without a role, the account does not exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// The one person who owns the account; in a personal account the only member.
    PrimaryOwner,
    /// Manages keys like the primary owner.
    Owner,
    /// Reads only.
    Member,
}

/// An action in an account that needs permission.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// See the keys, without their secrets.
    SeeKeys,
    /// Create a key and see its secret once.
    CreateKey,
    /// Give a new secret to a key that was never used.
    ReissueSecret,
    /// Create a replacement for a key.
    RotateKey,
    /// End or change the grace period of a rotated key.
    ChangeGrace,
    /// Revoke a key.
    RevokeKey,
    /// Delete a key.
    DeleteKey,
    /// Acknowledge a leaked key.
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

    /// Name in the database and on the command line.
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

    /// Name for people, for the middle of a sentence.
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

    /// Name for people.
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
        assert_eq!(Role::ALL.map(Role::label), ["primary owner", "owner", "member"]);
    }

    #[test]
    fn actions_have_the_words_of_the_buttons() {
        let words = [
            "See keys",
            "Create API key",
            "Reissue secret",
            "Rotate API key",
            "Change grace period",
            "Revoke API key",
            "Delete API key",
            "Acknowledge a leak",
        ];
        assert_eq!(Action::ALL.map(Action::label), words);
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
