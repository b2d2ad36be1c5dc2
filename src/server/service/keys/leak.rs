//! Leak reports: anyone who has a key can revoke it, and its owners are notified (docs/security.md, S40).

use crate::{
    domain::{
        activity::{Actor, Event, Trace},
        ids::KeyId,
        key::Key,
        time::Timestamp,
    },
    server::{
        access::KeyManager,
        app::App,
        error::ServiceError,
        service::activity,
        store::{StoreError, Tables as _},
    },
};
use std::collections::BTreeSet;

/// Maximum number of keys in a report.
pub const MOST: usize = 100;
/// Keys that one transaction revokes, so that other changes do not wait for a long report (docs/security.md, S85).
const STEP: usize = 25;

/// Revokes reported keys, at most [`MOST`]. A repeated report changes nothing.
pub async fn report(app: &App, keys: &[&Key], trace: &Trace, now: Timestamp) -> Result<(), StoreError> {
    // A repeated report writes nothing, because anyone with the key can send any number of them. Like the first
    // one, it is answered once the key has ended on every server.
    let is_new = |key: &&&Key| key.leak_reported_at.is_none() || key.revoked_at.is_none();
    let mut new: Vec<&Key> = keys.iter().filter(is_new).copied().collect();
    // The keys of an account are changed together, because each step locks its accounts.
    new.sort_by_key(|key| (key.account, key.id));
    for step in new.chunks(STEP) {
        revoke(app, step, trace, now).await?;
    }
    app.store.wait_until_all_known().await
}

/// Revokes a step of a report in one transaction.
async fn revoke(app: &App, step: &[&Key], trace: &Trace, now: Timestamp) -> Result<(), StoreError> {
    let mut tx = app.store.write().await?;
    // Accounts and then keys, each in the order of their ids, so that two reports never wait for each other.
    let accounts: BTreeSet<_> = step.iter().map(|key| key.account).collect();
    for account in accounts {
        tx.accounts().lock(account).await?;
    }
    let mut keys = step.to_vec();
    keys.sort_by_key(|key| key.id);
    let mut is_changed = false;
    for key in keys {
        // Its secret may have been reissued since the key was looked up. The reported secret is dead then, and the new
        // one was not reported.
        let current = tx.keys().by_id(key.account, key.id).await?;
        if current.is_none_or(|current| current.prefix != key.prefix) {
            continue;
        }
        if tx.change(key.account, key.id).report_leak(now).await? {
            let detail = format!("{}... was {} before", key.prefix, key.status(now).label());
            let actor = Actor::program(Some(trace));
            activity::note(app, &mut tx, actor, now, Event::LeakReported, key, detail).await?;
            is_changed = true;
        }
    }
    if is_changed {
        tx.commit_step().await
    } else {
        Ok(())
    }
}

/// Acknowledges a leak, and returns the key; a repeat is no error.
///
/// # Errors
/// `NotFound` when the account has no such key.
pub async fn acknowledge(app: &App, manager: &KeyManager, id: &str) -> Result<Key, ServiceError> {
    let id: KeyId = id.parse().map_err(|_| ServiceError::NotFound)?;
    let (account, now) = (manager.account.id, app.now());
    let mut tx = app.store.write().await?;
    let key = tx.keys().by_id(account, id).await?;
    let key = key.ok_or(ServiceError::NotFound)?;
    if tx.leaks().acknowledge(account, id, now).await? {
        activity::note(app, &mut tx, manager, now, Event::LeakAcknowledged, &key, "").await?;
        tx.commit().await?;
    }
    Ok(key)
}
