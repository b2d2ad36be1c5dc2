//! Deleting keys with their request logs.

use super::selection::{find, read};
use crate::{
    domain::{activity::Event, done::Done, field_errors::FieldErrors, key::Key},
    server::{
        access::KeyManager,
        app::App,
        error::ServiceError,
        service::{activity, settled},
        store::Tables as _,
    },
};
use unicode_normalization::UnicodeNormalization as _;

/// Maximum length in characters of a name that people are asked to type.
const TYPED: usize = 40;

/// Whether a name is easy to type: not long, and only characters that every keyboard has.
fn is_typed(name: &str) -> bool {
    name.len() <= TYPED
        && name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"-_. ".contains(&b))
}

/// Text to type to delete these keys: the name of a single key, or its prefix if the name is hard to type;
/// otherwise their number.
#[must_use]
pub fn confirmation(keys: &[Key]) -> String {
    match keys {
        [key] if is_typed(key.name.as_str()) => key.name.to_string(),
        [key] => key.prefix.clone(),
        keys => format!("delete {} keys", keys.len()),
    }
}

/// Whether `typed` confirms the deletion of these keys. The whole name of a single key does so in any case.
/// The list shows prefixes with three dots, which may be copied with them.
fn confirms(typed: &str, keys: &[Key]) -> bool {
    let typed = as_shown(typed);
    let bare = typed.trim_end_matches(['.', '\u{2026}']);
    typed == as_shown(&confirmation(keys))
        || matches!(keys, [key] if typed == as_shown(key.name.as_str()) || bare == key.prefix)
}

/// The keys that were deleted.
#[derive(Debug)]
pub struct Deleted(pub Vec<Key>);

impl From<Deleted> for Done {
    fn from(Deleted(keys): Deleted) -> Self {
        Self::Deleted {
            only: match keys.as_slice() {
                [key] => Some(key.name.to_string()),
                _ => None,
            },
            keys: keys.len(),
        }
    }
}

/// Collapses white space, because browsers show any white space as one space.
fn as_shown(text: &str) -> String {
    let words: Vec<_> = text.split_whitespace().collect();
    words.join(" ").nfc().collect()
}

/// Deletes keys; their activity stays. Their request logs are hidden at once and removed in the background.
/// `typed` must be their [`confirmation`].
///
/// # Errors
/// `NotFound` when the account lacks one of them, `Invalid` with what was typed.
pub async fn delete(
    app: &App,
    manager: &KeyManager,
    ids: &[String],
    typed: &str,
) -> Result<Deleted, ServiceError> {
    settled(app, delete_all(app, manager, ids, typed)).await
}

async fn delete_all(
    app: &App,
    manager: &KeyManager,
    ids: &[String],
    typed: &str,
) -> Result<Deleted, ServiceError> {
    let ids = read(ids)?;
    let (account, now) = (manager.account.id, app.now());
    let mut tx = app.store.write().await?;
    tx.accounts().lock(account).await?;
    tx.keys().lock(account, &ids).await?;
    let keys = find(&mut tx, account, &ids).await?;
    if !confirms(typed, &keys) {
        let sentence = format!(
            "This does not match. Type \u{201c}{}\u{201d}.",
            confirmation(&keys)
        );
        return Err(ServiceError::Invalid(FieldErrors::one("confirm", sentence)));
    }
    for key in &keys {
        tx.change(account, key.id).delete(now).await?;
        let detail = format!("{}..., with its request log", key.prefix);
        activity::note(app, &mut tx, manager, now, Event::KeyDeleted, key, detail).await?;
    }
    tx.commit().await?;
    app.deletions.notify_one();
    Ok(Deleted(keys))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        ids::{AccountId, UserId},
        key::issue::Terms,
        name::KeyName,
        scope::Scopes,
        time::Timestamp,
    };

    fn key(name: &str) -> Key {
        let terms = Terms::new(
            KeyName::parse(name).expect("a name"),
            "full_access",
            Scopes::default(),
        );
        let (account, user) = (AccountId::from_random([1; 16]), UserId::from_random([2; 16]));
        let now = Timestamp::from_millis(0);
        Key::issue(account, user, terms, now, "bye_", |bytes| bytes.fill(7)).0
    }

    #[test]
    fn a_name_that_is_hard_to_type_is_replaced_by_the_prefix() {
        let long = "W".repeat(TYPED + 1);
        for (name, is_asked) in [
            ("prod-api-worker", true),
            ("staging_2.1 (eu)", false),
            ("my key 7", true),
            (&long[1..], true),
            (&long, false),
            ("\u{5de}\u{5e4}\u{5ea}\u{5d7}", false),
            ("caf\u{e9}", false),
            ("\u{1f511}", false),
        ] {
            let keys = [key(name)];
            let asked = confirmation(&keys);
            assert_eq!(asked == name, is_asked, "{name}");
            assert!(confirms(&asked, &keys), "{name}");
            assert!(confirms(name, &keys), "{name}: the whole name");
            assert!(confirms(&format!(" {}... ", keys[0].prefix), &keys), "{name}");
            for wrong in ["", "...", "bye_", "delete 1 keys"] {
                assert!(!confirms(wrong, &keys), "{name}: {wrong:?}");
            }
        }
    }

    #[test]
    fn several_keys_are_confirmed_by_their_number() {
        let keys = [key("one"), key("two")];
        assert_eq!(confirmation(&keys), "delete 2 keys");
        assert!(confirms(" delete  2 keys", &keys));
        assert!(!confirms("one", &keys) && !confirms(&keys[0].prefix, &keys));
    }
}
