//! The activity of an account: one entry for each change, written in the same transaction and never changed
//! afterwards (docs/security.md, S66 and S67).

use super::{
    ids::{AccountId, UserId},
    search,
    time::Timestamp,
};
use uuid::{Builder, Uuid};

/// Type of an activity entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Event {
    /// A person signed up.
    AccountCreated,
    /// A team was created.
    TeamCreated,
    /// A person was added to a team.
    MemberAdded,
    /// The role of a person in a team was changed.
    RoleChanged,
    /// A person was removed from a team.
    MemberRemoved,
    /// The server operator set a new password for a person.
    PasswordChanged,
    /// The server operator ended all sessions of a person.
    SignedOut,
    /// A person signed in.
    SignedIn,
    /// A sign-in was refused.
    SignInRefused,
    /// A person tried an action that their role does not allow.
    ActionRefused,
    /// The activity was exported as a file.
    ActivityExported,
    /// A key was created.
    KeyCreated,
    /// A replacement for a key was created.
    KeyRotated,
    /// The grace period of a key was ended or changed.
    GraceChanged,
    /// A key that was never used got a new secret.
    SecretReissued,
    /// A key was revoked.
    KeyRevoked,
    /// A key was deleted.
    KeyDeleted,
    /// A key was revoked by a leak report.
    LeakReported,
    /// An owner acknowledged a leak report.
    LeakAcknowledged,
    /// A client used a key that had ended.
    RetiredKeyUsed,
}

impl Event {
    /// Every event, in the order of the filter.
    pub const ALL: [Self; 20] = [
        Self::KeyCreated,
        Self::KeyRotated,
        Self::GraceChanged,
        Self::SecretReissued,
        Self::KeyRevoked,
        Self::KeyDeleted,
        Self::LeakReported,
        Self::LeakAcknowledged,
        Self::RetiredKeyUsed,
        Self::AccountCreated,
        Self::TeamCreated,
        Self::MemberAdded,
        Self::RoleChanged,
        Self::MemberRemoved,
        Self::PasswordChanged,
        Self::SignedOut,
        Self::SignedIn,
        Self::SignInRefused,
        Self::ActionRefused,
        Self::ActivityExported,
    ];

    /// Stored and exported name: `category.action` (docs.babysea.ai, `/dashboard/activity`).
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::AccountCreated => "auth.signup",
            Self::TeamCreated => "team.created",
            Self::MemberAdded => "membership.joined",
            Self::RoleChanged => "membership.role_changed",
            Self::MemberRemoved => "membership.removed",
            Self::PasswordChanged => "auth.password_changed",
            Self::SignedOut => "auth.signed_out",
            Self::SignedIn => "auth.signin",
            Self::SignInRefused => "auth.refused",
            Self::ActionRefused => "role.refused",
            Self::ActivityExported => "activity.exported",
            Self::KeyCreated => "api_key.created",
            Self::KeyRotated => "api_key.rotated",
            Self::GraceChanged => "api_key.grace_changed",
            Self::SecretReissued => "api_key.secret_reissued",
            Self::KeyRevoked => "api_key.revoked",
            Self::KeyDeleted => "api_key.deleted",
            Self::LeakReported => "api_key.leak_reported",
            Self::LeakAcknowledged => "api_key.leak_acknowledged",
            Self::RetiredKeyUsed => "api_key.used_after_end",
        }
    }

    /// The event with this id.
    #[must_use]
    pub fn from_id(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|event| event.id() == id)
    }

    /// Sentence for people; in the vendor's words where those are known.
    #[must_use]
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::AccountCreated => "Account was created",
            Self::TeamCreated => "Team was created",
            Self::MemberAdded => "Member was added to the team",
            Self::RoleChanged => "Role of a member was changed",
            Self::MemberRemoved => "Member was removed from the team",
            Self::PasswordChanged => "Password was changed",
            Self::SignedOut => "Signed out everywhere",
            Self::SignedIn => "Signed in",
            Self::SignInRefused => "Sign-in was refused",
            Self::ActionRefused => "Action was refused by role",
            Self::ActivityExported => "Activity was exported",
            Self::KeyCreated => "New API key was generated for the account",
            Self::KeyRotated => "API key was rotated",
            Self::GraceChanged => "Grace period of an API key was changed",
            Self::SecretReissued => "API key was given a new secret",
            Self::KeyRevoked => "API key was revoked",
            Self::KeyDeleted => "API key was deleted",
            Self::LeakReported => "API key was reported as leaked, which revokes it",
            Self::LeakAcknowledged => "Leak of an API key was acknowledged",
            Self::RetiredKeyUsed => "API key was used after its end",
        }
    }

    /// What stands before its detail on a page, if that is words of a person.
    #[must_use]
    pub fn detail_label(self) -> Option<&'static str> {
        (self == Self::KeyRevoked).then_some("Reason: ")
    }

    /// Whether its object is a key.
    #[must_use]
    pub fn is_about_a_key(self) -> bool {
        self.id().starts_with("api_key.")
    }

    /// Whether it is highlighted as an alert, for an owner to look into.
    #[must_use]
    pub const fn is_alert(self) -> bool {
        matches!(
            self,
            Self::SignInRefused | Self::ActionRefused | Self::LeakReported | Self::RetiredKeyUsed
        )
    }
}

/// Request context: what the activity stores about the request of a change.
#[derive(Clone, Debug)]
pub struct Trace {
    /// Request id, as in the response.
    pub request_id: String,
    /// First 12 hex digits of the HMAC-SHA-256 of the client's address under the pepper; `None` if the
    /// address is unknown.
    pub ip_hash: Option<String>,
}

/// Who did it.
#[derive(Clone, Copy, Debug)]
pub struct Actor<'a> {
    /// The signed-in person; `None` for commands, programs and unknown emails.
    pub user: Option<UserId>,
    /// Their name, or a description such as `Server operator`.
    pub name: &'a str,
    /// Request context, if there was a request.
    pub trace: Option<&'a Trace>,
}

impl<'a> Actor<'a> {
    /// The server operator, by a command.
    pub const OPERATOR: Self = Self {
        user: None,
        name: "Server operator",
        trace: None,
    };

    /// A program with a key.
    #[must_use]
    pub const fn program(trace: Option<&'a Trace>) -> Self {
        Self {
            user: None,
            name: "A program",
            trace,
        }
    }
}

/// An activity entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its id.
    pub id: Uuid,
    /// The account; `None` for a sign-in with an unknown email.
    pub account: Option<AccountId>,
    /// Time of the event.
    pub at: Timestamp,
    /// The signed-in person who did it.
    pub actor: Option<UserId>,
    /// Name of the actor at that time.
    pub actor_name: String,
    /// Type of the event.
    pub event: Event,
    /// Id of the changed object, which may be deleted by now.
    pub target: String,
    /// Name of the object at that time.
    pub target_name: String,
    /// Details, as text.
    pub detail: String,
    /// The request id; empty without a request.
    pub request_id: String,
    /// First 12 hex digits of the HMAC-SHA-256 of the client's address; `None` if the address is unknown.
    pub ip_hash: Option<String>,
}

impl Entry {
    /// An entry whose id is made of these random bytes; `target` is the id and the name of the changed
    /// object.
    #[must_use]
    pub fn new(
        id: [u8; 16],
        account: Option<AccountId>,
        at: Timestamp,
        actor: Actor<'_>,
        event: Event,
        target: (String, &str),
        detail: impl Into<String>,
    ) -> Self {
        Self {
            id: Builder::from_random_bytes(id).into_uuid(),
            account,
            at,
            actor: actor.user,
            actor_name: actor.name.to_owned(),
            event,
            target: target.0,
            target_name: target.1.to_owned(),
            detail: detail.into(),
            request_id: actor
                .trace
                .map(|trace| trace.request_id.clone())
                .unwrap_or_default(),
            ip_hash: actor.trace.and_then(|trace| trace.ip_hash.clone()),
        }
    }

    /// Event and object in one line.
    #[must_use]
    pub fn description(&self) -> String {
        let mut line = self.event.sentence().to_owned();
        let context = [&self.target_name, &self.detail];
        for (part, before) in context
            .into_iter()
            .filter(|part| !part.is_empty())
            .zip([": ", ", "])
        {
            line.push_str(before);
            line.push_str(part);
        }
        line
    }

    /// The text that searches compare ([`search::fold`]), one line for each part.
    #[must_use]
    pub fn search_key(&self) -> String {
        let ip_hash = self.ip_hash.as_deref().unwrap_or_default();
        [
            &self.actor_name,
            &self.target_name,
            &self.target,
            &self.detail,
            &self.request_id,
            ip_hash,
        ]
        .map(search::fold)
        .join("\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn ids_read_back_and_differ() {
        let ids: BTreeSet<_> = Event::ALL.into_iter().map(Event::id).collect();
        assert_eq!(ids.len(), Event::ALL.len());
        for event in Event::ALL {
            assert_eq!(Event::from_id(event.id()), Some(event));
        }
        assert_eq!(Event::from_id("api_key.lost"), None);
        assert!(
            Event::ALL
                .into_iter()
                .all(|event| event.id().split('.').count() == 2)
        );
    }

    #[test]
    fn each_event_has_its_own_sentence_and_few_are_alerts() {
        let sentences: BTreeSet<_> = Event::ALL.into_iter().map(Event::sentence).collect();
        assert_eq!(sentences.len(), Event::ALL.len());
        assert!(sentences.iter().all(|text| text.starts_with(char::is_uppercase)));
        let alerts: Vec<_> = Event::ALL.into_iter().filter(|event| event.is_alert()).collect();
        let expected = [
            Event::LeakReported,
            Event::RetiredKeyUsed,
            Event::SignInRefused,
            Event::ActionRefused,
        ];
        assert_eq!(alerts, expected);
    }

    #[test]
    fn the_search_finds_names_ids_and_details_in_any_case() {
        let trace = Trace {
            request_id: "req_7".to_owned(),
            ip_hash: Some("0aFF".to_owned()),
        };
        let actor = Actor::program(Some(&trace));
        let (target, at) = (("ID-1".to_owned(), "Prod"), Timestamp::from_millis(0));
        let entry = Entry::new([1; 16], None, at, actor, Event::KeyRevoked, target, "Leaked");
        let text = format!(
            "{}\nprod\nid-1\nleaked\nreq_7\n0aff",
            entry.actor_name.to_lowercase()
        );
        assert_eq!(entry.search_key(), text);
    }

    #[test]
    fn a_description_has_event_object_and_detail() {
        let actor = Actor::program(None);
        let described = |name: &str, detail: &str| {
            let target = (String::new(), name);
            let at = Timestamp::from_millis(0);
            Entry::new([1; 16], None, at, actor, Event::KeyRevoked, target, detail).description()
        };
        assert_eq!(described("prod", "leaked"), "API key was revoked: prod, leaked");
        assert_eq!(described("prod", ""), "API key was revoked: prod");
        assert_eq!(described("", "leaked"), "API key was revoked: leaked");
        assert_eq!(described("", ""), "API key was revoked");
    }
}
