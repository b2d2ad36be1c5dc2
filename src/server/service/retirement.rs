//! Revoking and deleting: how a key ends because a person wants it.

use super::{ServiceError, activity};
use crate::{
    domain::{
        activity::Event,
        field_errors::FieldErrors,
        ids::KeyId,
        key::{Key, KeyStatus, Transition},
    },
    server::{
        access::{AccountReader, KeyManager},
        app::App,
        store::Tables as _,
    },
};
use unicode_normalization::UnicodeNormalization as _;

/// Longest reason, in characters.
pub const LONGEST_REASON: usize = 200;

/// How many rows of the request log go with a key.
///
/// # Errors
/// When the database fails.
pub async fn log_rows(app: &App, reader: &AccountReader, key: &Key) -> Result<u64, ServiceError> {
    debug_assert_eq!(key.account, reader.account.id);
    // Those that wait to be written would go as well.
    app.recorder.flush().await;
    Ok(app.store.read().await?.logs().count_of_key(key.id).await?)
}

/// The reason as it is kept: one line, without what cannot be seen.
fn reason(text: &str) -> Result<String, ServiceError> {
    let reason: String = text.nfc().filter(|c| !c.is_control()).collect();
    let reason = reason.trim();
    if reason.chars().count() > LONGEST_REASON {
        let sentence = format!("Use at most {LONGEST_REASON} characters.");
        return Err(ServiceError::Invalid(FieldErrors::one("reason", sentence)));
    }
    Ok(reason.to_owned())
}

/// Disables a key for good: the next request with it is refused.
///
/// # Errors
/// `NotFound` when the account has no such key, `Invalid` with the reason, `Conflict` when the key works no more.
pub async fn revoke(app: &App, manager: &KeyManager, id: &str, why: &str) -> Result<Key, ServiceError> {
    let id: KeyId = id.parse().map_err(|_| ServiceError::NotFound)?;
    let (account, now) = (manager.account.id, app.now());
    let mut tx = app.store.write().await?;
    tx.accounts().lock(account).await?;
    let key = tx.keys().by_id(account, id).await?;
    let key = key.ok_or(ServiceError::NotFound)?;
    let reason = reason(why)?;
    if !key.allows(Transition::Revoke, now) || !tx.keys().revoke(account, id, now).await? {
        let sentence = match key.status(now) {
            KeyStatus::Expired => "This key has expired: it does not work any more.",
            _ => "This key was revoked already.",
        };
        return Err(ServiceError::Conflict(sentence.to_owned()));
    }
    activity::note(app, &mut tx, manager, now, Event::KeyRevoked, &key, reason).await?;
    tx.commit().await?;
    Ok(key)
}

/// Forgets a key and its request log; the activity stays. `name` must be the key's, typed by the person.
///
/// # Errors
/// `NotFound` when the account has no such key, `Invalid` with the name.
pub async fn delete(app: &App, manager: &KeyManager, id: &str, name: &str) -> Result<(), ServiceError> {
    let id: KeyId = id.parse().map_err(|_| ServiceError::NotFound)?;
    let (account, now) = (manager.account.id, app.now());
    let mut tx = app.store.write().await?;
    tx.accounts().lock(account).await?;
    let key = tx.keys().by_id(account, id).await?;
    let key = key.ok_or(ServiceError::NotFound)?;
    if name.trim().nfc().collect::<String>() != key.name {
        let sentence = "Type the name of the key as it stands above.";
        return Err(ServiceError::Invalid(FieldErrors::one("confirm_name", sentence)));
    }
    let rows = tx.logs().count_of_key(id).await?;
    tx.keys().delete(account, id).await?;
    let detail = format!(
        "{}..., with {rows} log row{}",
        key.prefix,
        if rows == 1 { "" } else { "s" }
    );
    activity::note(app, &mut tx, manager, now, Event::KeyDeleted, &key, detail).await?;
    tx.commit().await?;
    Ok(())
}
