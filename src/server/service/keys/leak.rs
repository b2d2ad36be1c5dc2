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

/// Revokes a reported key. A repeated report changes nothing.
pub async fn report(app: &App, key: &Key, trace: &Trace, now: Timestamp) -> Result<(), StoreError> {
    // A repeated report writes nothing, because anyone with the key can send any number of them. Like the first
    // one, it is answered once the key has ended on every server.
    if key.leak_reported_at.is_some() && key.revoked_at.is_some() {
        return app.store.wait_until_all_known().await;
    }
    let mut tx = app.store.write().await?;
    tx.accounts().lock(key.account).await?;
    if tx.change(key.account, key.id).report_leak(now).await? {
        let detail = format!("{}... was {} before", key.prefix, key.status(now).label());
        let actor = Actor::program(Some(trace));
        activity::note(app, &mut tx, actor, now, Event::LeakReported, key, detail).await?;
        return tx.commit().await;
    }
    drop(tx);
    app.store.wait_until_all_known().await
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
