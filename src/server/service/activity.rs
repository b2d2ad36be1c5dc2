//! What people did to keys, noted in the transaction that does it (docs/security.md, S66).

use crate::{
    domain::{
        activity::{Entry, Event},
        key::Key,
        time::Timestamp,
    },
    server::{
        access::KeyManager,
        app::App,
        store::{StoreError, Tables as _, Tx},
    },
};

/// Notes what `manager` did to a key; `detail` says what else is to be known, in words.
pub async fn note(
    app: &App,
    tx: &mut Tx,
    manager: &KeyManager,
    at: Timestamp,
    event: Event,
    key: &Key,
    detail: String,
) -> Result<(), StoreError> {
    let entry = Entry {
        id: hex::encode(app.rng.bytes::<16>()),
        account: manager.account.id,
        at,
        actor: manager.user,
        actor_name: &manager.name,
        event,
        target: key.id.to_string(),
        target_name: &key.name,
        detail,
        request_id: &manager.trace.request_id,
        ip_hash: manager.trace.ip_hash.as_deref(),
    };
    tx.activity().insert(&entry).await
}
