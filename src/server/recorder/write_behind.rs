//! Writes that reading leads to: when a session was last used, and whose account a person saw last. They are kept in
//! memory and written by the recorder with its next batch, so that every page opens while nothing can be written
//! (docs/security.md, S86). What could not be written is tried again; beyond a bound it is forgotten, and costs no more
//! than a session that counts as idle too early.

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

/// Sessions, and people, whose write may wait.
const MOST: usize = 10_000;
/// Rows of one transaction.
const CHUNK: usize = 256;

/// What waits to be written.
#[derive(Default)]
pub struct WriteBehind {
    touched: Mutex<HashMap<IdHash, Timestamp>>,
    visited: Mutex<HashMap<UserId, AccountId>>,
}

impl WriteBehind {
    /// Records that a session was used.
    pub fn touch(&self, session: IdHash, at: Timestamp) {
        put(&self.touched, session, at);
    }

    /// Whether a session was used after `since`, as far as that waits to be written.
    #[must_use]
    pub fn touched_since(&self, session: &IdHash, since: Timestamp) -> bool {
        lock(&self.touched).get(session).is_some_and(|&at| at > since)
    }

    /// Records whose account a person saw.
    pub fn visit(&self, user: UserId, account: AccountId) {
        put(&self.visited, user, account);
    }

    /// The account that a person saw last, as far as that waits to be written.
    #[must_use]
    pub fn visited(&self, user: UserId) -> Option<AccountId> {
        lock(&self.visited).get(&user).copied()
    }

    /// Writes what waits; of what could not be written the rest waits on.
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
    // In one order on every server: two that write the same rows must not wait for each other.
    let mut rows: Vec<_> = lock(map).iter().map(|(&key, &value)| (key, value)).collect();
    rows.sort_unstable();
    let written = batches::write(store, refused, writer, &rows, false).await;
    remove(map, &rows[..written.settled]);
    written.error
}

/// When sessions were used.
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

/// Whose accounts people saw.
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

/// Stores a value, unless there are too many.
fn put<K: Eq + Hash, V>(map: &Mutex<HashMap<K, V>>, key: K, value: V) {
    let mut map = lock(map);
    if map.len() < MOST || map.contains_key(&key) {
        map.insert(key, value);
    }
}

/// Removes what was written, unless it changed meanwhile.
fn remove<K: Eq + Hash, V: PartialEq>(map: &Mutex<HashMap<K, V>>, written: &[(K, V)]) {
    let mut map = lock(map);
    for (key, value) in written {
        if map.get(key) == Some(value) {
            map.remove(key);
        }
    }
}

/// What one of its holders left when it panicked is as good as before.
fn lock<T>(what: &Mutex<T>) -> MutexGuard<'_, T> {
    what.lock().unwrap_or_else(PoisonError::into_inner)
}
