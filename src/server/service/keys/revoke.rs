//! Revoking and deleting: how keys end because a person wants it, one or several at a time.

use crate::{
    domain::{
        activity::Event,
        field_errors::FieldErrors,
        ids::{AccountId, KeyId},
        key::{Key, KeyStatus, Transition},
        token,
    },
    server::{
        access::{AccountReader, KeyManager},
        app::App,
        error::ServiceError,
        service::{activity, long_reads, settled},
        store::Tables,
    },
};
use std::time::Duration;
use tokio::time::timeout;
use unicode_normalization::UnicodeNormalization as _;

/// Longest reason, in characters.
pub const LONGEST_REASON: usize = 200;
/// How long the question before a deletion waits for rows that are not written yet.
const FLUSH: Duration = Duration::from_millis(500);
/// Most keys that are ended at once; a page of the list has fewer.
const MOST: usize = 100;

/// What these ids say, each once, in their order.
fn read(ids: &[String]) -> Result<Vec<KeyId>, ServiceError> {
    if ids.is_empty() {
        return Err(ServiceError::Refused("Choose a key."));
    }
    if ids.len() > MOST {
        return Err(ServiceError::Refused("These are too many keys at once."));
    }
    let mut read = Vec::new();
    for id in ids {
        let id: KeyId = id.parse().map_err(|_| ServiceError::NotFound)?;
        if !read.contains(&id) {
            read.push(id);
        }
    }
    Ok(read)
}

async fn find(store: &mut impl Tables, account: AccountId, ids: &[KeyId]) -> Result<Vec<Key>, ServiceError> {
    let mut keys = Vec::new();
    for &id in ids {
        let key = store.keys().by_id(account, id).await?;
        keys.push(key.ok_or(ServiceError::NotFound)?);
    }
    Ok(keys)
}

/// The keys with these ids, each once, in their order.
///
/// # Errors
/// `Refused` when there are none or too many, `NotFound` when the account lacks one of them.
pub async fn chosen(app: &App, reader: &AccountReader, ids: &[String]) -> Result<Vec<Key>, ServiceError> {
    let ids = read(ids)?;
    let mut store = app.store.read().await?;
    find(&mut store, reader.account.id, &ids).await
}

/// How many rows of the request log go with these keys of an account; nothing where that could not be counted in time.
/// Those that wait to be written are waited for, but not for long.
pub async fn log_rows(app: &App, reader: &AccountReader, keys: &[Key]) -> Result<Option<u64>, ServiceError> {
    let _ = timeout(FLUSH, app.recorder.flush()).await;
    let ids: Vec<_> = keys.iter().map(|key| key.id).collect();
    long_reads::for_page(app, reader.account.id, |read| {
        Box::pin(async move {
            let mut rows = 0;
            for id in ids {
                rows += read.logs().count_of_key(id).await?;
            }
            Ok(rows)
        })
    })
    .await
}

/// The reason as it is kept: one line, without what cannot be seen. It is kept for ever, so it holds no key.
pub(in crate::server::service) fn reason(text: &str) -> Result<String, ServiceError> {
    let reason: String = text.nfc().filter(|c| !c.is_control()).collect();
    let reason = reason.trim();
    if reason.chars().count() > LONGEST_REASON {
        let sentence = format!("Use at most {LONGEST_REASON} characters.");
        return Err(ServiceError::Invalid(FieldErrors::one("reason", sentence)));
    }
    if token::is_in(reason) {
        let sentence = "Remove the API key: reasons are kept in clear.";
        return Err(ServiceError::Invalid(FieldErrors::one("reason", sentence)));
    }
    Ok(reason.to_owned())
}

/// Disables keys for good: the next request with one of them is refused. Those that have ended already stay as they are.
///
/// # Errors
/// `NotFound` when the account lacks one of them, `Invalid` with the reason, `Conflict` when none works any more.
pub async fn revoke(app: &App, manager: &KeyManager, ids: &[String], why: &str) -> Result<(), ServiceError> {
    settled(app, revoke_all(app, manager, ids, why)).await
}

async fn revoke_all(app: &App, manager: &KeyManager, ids: &[String], why: &str) -> Result<(), ServiceError> {
    let (account, now) = (manager.account.id, app.now());
    let ids = read(ids)?;
    let mut tx = app.store.write().await?;
    tx.accounts().lock(account).await?;
    tx.keys().lock(account, &ids).await?;
    let keys = find(&mut tx, account, &ids).await?;
    let reason = reason(why)?;
    let mut revoked = 0;
    for key in &keys {
        if key.allows(Transition::Revoke, now) && tx.change(account, key.id).revoke(now).await? {
            activity::note(
                app,
                &mut tx,
                manager,
                now,
                Event::KeyRevoked,
                key,
                reason.as_str(),
            )
            .await?;
            revoked += 1;
        }
    }
    if revoked == 0 {
        let sentence = match keys.as_slice() {
            [key] if key.status(now) == KeyStatus::Expired => {
                "This key has expired: it does not work any more."
            }
            [_] => "This key was revoked already.",
            _ => "All of these keys have ended already.",
        };
        return Err(ServiceError::Conflict(sentence.to_owned()));
    }
    tx.commit().await?;
    Ok(())
}

/// What a person types to delete these keys: the name of one, the number of several.
#[must_use]
pub fn confirmation(keys: &[Key]) -> String {
    match keys {
        [key] => key.name.clone(),
        keys => format!("delete {} keys", keys.len()),
    }
}

/// A text as a browser shows it and a person types it: any white space is one space.
fn as_shown(text: &str) -> String {
    let words: Vec<_> = text.split_whitespace().collect();
    words.join(" ").nfc().collect()
}

/// Deletes keys; the activity stays. Their request logs are hidden at once and removed in the background. `typed` is
/// their [`confirmation`].
///
/// # Errors
/// `NotFound` when the account lacks one of them, `Invalid` with what was typed.
pub async fn delete(
    app: &App,
    manager: &KeyManager,
    ids: &[String],
    typed: &str,
) -> Result<(), ServiceError> {
    settled(app, delete_all(app, manager, ids, typed)).await
}

async fn delete_all(
    app: &App,
    manager: &KeyManager,
    ids: &[String],
    typed: &str,
) -> Result<(), ServiceError> {
    let ids = read(ids)?;
    let (account, now) = (manager.account.id, app.now());
    let mut tx = app.store.write().await?;
    tx.accounts().lock(account).await?;
    tx.keys().lock(account, &ids).await?;
    let keys = find(&mut tx, account, &ids).await?;
    if as_shown(typed) != as_shown(&confirmation(&keys)) {
        let sentence = match keys.as_slice() {
            [_] => "Type the name exactly as it is shown.",
            _ => "Type the words exactly as they are shown.",
        };
        return Err(ServiceError::Invalid(FieldErrors::one("confirm", sentence)));
    }
    for key in &keys {
        tx.change(account, key.id).delete(now).await?;
        let detail = format!("{}..., with its request log", key.prefix);
        activity::note(app, &mut tx, manager, now, Event::KeyDeleted, key, detail).await?;
    }
    tx.commit().await?;
    app.deletions.notify_one();
    Ok(())
}
