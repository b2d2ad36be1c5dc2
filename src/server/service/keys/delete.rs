//! Deleting keys with their request logs.

use super::selection::{find, read};
use crate::{
    domain::{activity::Event, field_errors::FieldErrors, key::Key},
    server::{
        access::{AccountReader, KeyManager},
        app::App,
        error::ServiceError,
        service::{activity, long_reads, settled},
        store::Tables as _,
    },
};
use std::time::Duration;
use tokio::time::timeout;
use unicode_normalization::UnicodeNormalization as _;

/// How long the confirmation of a deletion waits for queued log rows.
const FLUSH: Duration = Duration::from_millis(500);

/// Number of request log rows that are deleted with these keys; `None` if counting timed out. Waits for
/// queued rows for up to [`FLUSH`].
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

/// Text to type to delete these keys: the name of a single key, otherwise their number.
#[must_use]
pub fn confirmation(keys: &[Key]) -> String {
    match keys {
        [key] => key.name.to_string(),
        keys => format!("delete {} keys", keys.len()),
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
/// `NotFound` when the account lacks one of them, `Invalid` when `typed` differs.
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
