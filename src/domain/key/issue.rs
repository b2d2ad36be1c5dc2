//! Creating a key: its text, its id and its terms.

use super::Key;
use crate::domain::{
    ids::{AccountId, KeyId, UserId},
    name::KeyName,
    network::Allowlist,
    scope::Scopes,
    secret_text::SecretText,
    time::Timestamp,
    token,
};

/// The terms of a new key. A replacement takes them over from the old key ([`Key::replacement`]).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    /// Name.
    pub name: KeyName,
    /// Machine name of the preset.
    pub preset: String,
    /// What it may do.
    pub scopes: Scopes,
    /// The addresses it may be used from.
    pub allowlist: Allowlist,
    /// When it expires.
    pub expires_at: Option<Timestamp>,
    /// Requests a minute; `None` uses the limit of the account.
    pub rate_limit: Option<u32>,
    /// The key that it replaces.
    pub replaces: Option<KeyId>,
}

impl Terms {
    /// Terms without expiry, allowlist and rate limit.
    #[must_use]
    pub fn new(name: KeyName, preset: impl Into<String>, scopes: Scopes) -> Self {
        Self {
            name,
            preset: preset.into(),
            scopes,
            allowlist: Allowlist::default(),
            expires_at: None,
            rate_limit: None,
            replaces: None,
        }
    }
}

impl Key {
    /// Makes a key and its text, which begins with `prefix`. `fill` provides random bytes of the operating system.
    #[must_use]
    pub fn issue(
        account: AccountId,
        creator: UserId,
        terms: Terms,
        now: Timestamp,
        prefix: &str,
        mut fill: impl FnMut(&mut [u8]),
    ) -> (Self, SecretText) {
        let secret = token::generate(prefix, &mut fill);
        let mut random = [0; 16];
        fill(&mut random);
        // Destructured, so that a new field of `Terms` does not compile before it is used here.
        let Terms {
            name,
            preset,
            scopes,
            allowlist,
            expires_at,
            rate_limit,
            replaces,
        } = terms;
        let key = Self {
            id: KeyId::from_random(random),
            account,
            name,
            prefix: token::display_prefix(&secret),
            preset,
            scopes,
            allowlist,
            creator: Some(creator),
            created_at: now,
            last_used_at: None,
            expires_at,
            revoked_at: None,
            leak_reported_at: None,
            rate_limit,
            replaces,
            rotation: None,
        };
        (key, secret)
    }

    /// Gives the key a new text; everything else stays the same.
    #[must_use]
    pub fn reissue(&mut self, prefix: &str, fill: impl FnMut(&mut [u8])) -> SecretText {
        let secret = token::generate(prefix, fill);
        self.prefix = token::display_prefix(&secret);
        secret
    }

    /// The terms of a replacement that is created at `now`. Its lifetime is as long as the whole lifetime of this key.
    #[must_use]
    pub fn replacement(&self, now: Timestamp) -> Terms {
        let lifetime = self.expires_at.map(|end| end.since(self.created_at));
        Terms {
            name: self.name.clone(),
            preset: self.preset.clone(),
            scopes: self.scopes.clone(),
            allowlist: self.allowlist.clone(),
            expires_at: lifetime.map(|lifetime| now.plus(lifetime)),
            rate_limit: self.rate_limit,
            replaces: Some(self.id),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn terms() -> Terms {
        Terms {
            allowlist: Allowlist::parse("203.0.113.0/24").expect("a list").list,
            expires_at: Some(Timestamp::from_millis(1_005)),
            rate_limit: Some(60),
            ..Terms::new(
                KeyName::parse("prod").expect("a name"),
                "read_only",
                ["account:read"].into_iter().collect(),
            )
        }
    }

    fn issue(terms: Terms, now: i64, mut random: u8) -> (Key, SecretText) {
        let (account, creator) = (AccountId::from_random([2; 16]), UserId::from_random([3; 16]));
        Key::issue(
            account,
            creator,
            terms,
            Timestamp::from_millis(now),
            "bye_",
            |bytes| {
                bytes.fill(random);
                random = random.wrapping_add(1);
            },
        )
    }

    #[test]
    fn a_new_key_has_its_terms_and_has_done_nothing() {
        let (key, secret) = issue(terms(), 1_000, 7);
        assert!(token::is_well_formed(secret.expose()));
        assert_eq!(key.prefix, token::display_prefix(&secret));
        assert_eq!(
            (
                key.name.as_str(),
                key.preset.as_str(),
                key.scopes.to_string().as_str()
            ),
            ("prod", "read_only", "account:read")
        );
        assert_eq!(key.allowlist, terms().allowlist);
        assert_eq!((key.expires_at, key.rate_limit), (terms().expires_at, Some(60)));
        assert_eq!(key.creator, Some(UserId::from_random([3; 16])));
        assert_eq!(key.created_at, Timestamp::from_millis(1_000));
        assert_eq!((key.replaces, key.rotation), (None, None));
        assert_eq!(
            (key.last_used_at, key.revoked_at, key.leak_reported_at),
            (None, None, None)
        );
    }

    #[test]
    fn a_replacement_has_the_same_terms_and_lifetime() {
        let now = Timestamp::from_millis(9_000);
        let (old, _) = issue(terms(), 1_000, 7);
        let expected = Terms {
            // Made at 1,000 for 5 ms.
            expires_at: Some(Timestamp::from_millis(9_005)),
            replaces: Some(old.id),
            ..terms()
        };
        assert_eq!(old.replacement(now), expected);
        let (new, _) = issue(old.replacement(now), 9_000, 9);
        assert_ne!((new.id, &new.prefix), (old.id, &old.prefix));
        let forever = Key {
            expires_at: None,
            ..old
        };
        assert_eq!(forever.replacement(now).expires_at, None);
    }

    #[test]
    fn a_reissued_key_has_another_text_alone() {
        let (old, secret) = issue(terms(), 1_000, 7);
        let mut new = old.clone();
        let other = new.reissue("bye_", |bytes| bytes.fill(99));
        assert_ne!(other.expose(), secret.expose());
        assert_eq!(new.prefix, token::display_prefix(&other));
        new.prefix.clone_from(&old.prefix);
        assert_eq!(new, old);
    }
}
