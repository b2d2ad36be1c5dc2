//! Writes that reading leads to: when a session was last used, and whose account a person saw last. They are kept in
//! memory and written by the recorder with its next batch, so that every page opens while nothing can be written
//! (docs/security.md, S86). What could not be written is tried again; beyond a bound it is forgotten, and costs no more
//! than a session that counts as idle too early.

use super::store::{Store, StoreError, Tables as _, sessions::IdHash};
use crate::domain::{
    ids::{AccountId, UserId},
    time::Timestamp,
};
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

    /// Writes what waits.
    pub(super) async fn write(&self, store: &Store) -> Result<(), StoreError> {
        // In one order on every server: two that write the same rows must not wait for each other.
        let mut touched: Vec<_> = lock(&self.touched).iter().map(|(&id, &at)| (id, at)).collect();
        touched.sort_unstable();
        for chunk in touched.chunks(CHUNK) {
            let mut tx = store.write().await?;
            for (session, at) in chunk {
                tx.sessions().touch(session, *at).await?;
            }
            tx.commit().await?;
            remove(&self.touched, chunk);
        }
        let mut visited: Vec<_> = lock(&self.visited).iter().map(|(&id, &at)| (id, at)).collect();
        visited.sort_unstable();
        for chunk in visited.chunks(CHUNK) {
            let mut tx = store.write().await?;
            for (user, account) in chunk {
                tx.users().set_last_account(*user, *account).await?;
            }
            tx.commit().await?;
            remove(&self.visited, chunk);
        }
        Ok(())
    }
}

/// Notes a value, unless there are too many.
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
