//! Queued writes that follow from reads: the last use of a session, and the last visited account of a person.
//! They are kept in memory, and the recorder writes them with its next batch, so that every page opens while
//! the database is read-only (docs/security.md, S86). Failed writes are retried. When the queue is full, further
//! writes are dropped. The worst effect is a session that counts as idle too early.

use super::batches::{self, Refused, WriteRows};
use crate::{
    domain::{
        ids::{AccountId, UserId},
        time::Timestamp,
    },
    server::store::{Store, StoreError, Tables as _, Tx, users::sessions::IdHash},
};
use async_trait::async_trait;
use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// Maximum number of sessions, and of people, with a queued write.
const MOST: usize = 10_000;
/// Rows in one transaction.
const CHUNK: usize = 256;

/// The queued writes.
#[derive(Default)]
pub struct WriteBehind {
    touched: Mutex<HashMap<IdHash, Timestamp>>,
    visited: Mutex<HashMap<UserId, AccountId>>,
}

impl WriteBehind {
    /// Queues the last use of a session.
    pub fn touch(&self, session: IdHash, at: Timestamp) {
        put(&self.touched, session, at);
    }

    /// Whether a use of the session after `since` is queued.
    #[must_use]
    pub fn touched_since(&self, session: &IdHash, since: Timestamp) -> bool {
        lock(&self.touched).get(session).is_some_and(|&at| at > since)
    }

    /// Queues the last visited account of a person.
    pub fn visit(&self, user: UserId, account: AccountId) {
        put(&self.visited, user, account);
    }

    /// The queued last visited account of a person.
    #[must_use]
    pub fn visited(&self, user: UserId) -> Option<AccountId> {
        lock(&self.visited).get(&user).copied()
    }

    /// Writes the queue; what cannot be written stays in it.
    pub(super) async fn write(&self, store: &Store, refused: &Refused) {
        for error in [
            write(store, refused, &Touches, &self.touched).await,
            write(store, refused, &Visits, &self.visited).await,
        ]
        .into_iter()
        .flatten()
        {
            tracing::debug!(error = %error, "session touches could not be written yet");
        }
    }
}

async fn write<K, V, W>(
    store: &Store,
    refused: &Refused,
    writer: &W,
    map: &Mutex<HashMap<K, V>>,
) -> Option<StoreError>
where
    K: Copy + Eq + Hash + Ord + Sync,
    V: Copy + Ord + Sync,
    W: WriteRows<(K, V)>,
{
    // In the same order on every server, so that two that update the same rows do not deadlock.
    let mut rows: Vec<_> = lock(map).iter().map(|(&key, &value)| (key, value)).collect();
    rows.sort_unstable();
    let written = batches::write(store, refused, writer, &rows, false).await;
    remove(map, &rows[..written.settled]);
    written.error
}

/// Last uses of sessions.
struct Touches;

#[async_trait]
impl WriteRows<(IdHash, Timestamp)> for Touches {
    const ROWS: &'static str = "sessions";
    const CHUNK: usize = CHUNK;

    async fn write(&self, tx: &mut Tx, rows: &[(IdHash, Timestamp)], _: bool) -> Result<(), StoreError> {
        for (session, at) in rows {
            tx.sessions().touch(session, *at).await?;
        }
        Ok(())
    }
}

/// Last visited accounts of people.
struct Visits;

#[async_trait]
impl WriteRows<(UserId, AccountId)> for Visits {
    const ROWS: &'static str = "last_accounts";
    const CHUNK: usize = CHUNK;

    async fn write(&self, tx: &mut Tx, rows: &[(UserId, AccountId)], _: bool) -> Result<(), StoreError> {
        for (user, account) in rows {
            tx.users().set_last_account(*user, *account).await?;
        }
        Ok(())
    }
}

/// Queues a value, unless the queue is full.
fn put<K: Eq + Hash, V>(map: &Mutex<HashMap<K, V>>, key: K, value: V) {
    let mut map = lock(map);
    if map.len() < MOST || map.contains_key(&key) {
        map.insert(key, value);
    }
}

/// Removes written values, unless they changed meanwhile.
fn remove<K: Eq + Hash, V: PartialEq>(map: &Mutex<HashMap<K, V>>, written: &[(K, V)]) {
    let mut map = lock(map);
    for (key, value) in written {
        if map.get(key) == Some(value) {
            map.remove(key);
        }
    }
}

/// Ignores poisoning: the value is valid after a panic of another holder.
fn lock<T>(what: &Mutex<T>) -> MutexGuard<'_, T> {
    what.lock().unwrap_or_else(PoisonError::into_inner)
}
