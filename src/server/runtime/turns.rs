//! A lock for each account, for work of which an account may run only one at a time. Accounts whose last work took
//! long also share one lock, the lane, so that a few of them do not use up all slots of the server.

use crate::domain::ids::AccountId;
use std::{
    collections::HashMap,
    mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::{Duration, Instant},
};
use tokio::sync::{OwnedMutexGuard, OwnedSemaphorePermit, Semaphore};

/// Number of turns above which unused ones are removed.
const FORGET_FROM: usize = 1_000;
/// A turn that takes longer is a long one.
const LONG: Duration = Duration::from_millis(500);
/// How long an account stays in the lane after a long turn.
const KEPT: Duration = Duration::from_mins(1);
/// Maximum number of accounts in the lane; further ones are not added.
const MOST: usize = 10_000;

type Lock = tokio::sync::Mutex<()>;

/// Locks by account.
pub struct Turns {
    accounts: Mutex<HashMap<AccountId, Weak<Lock>>>,
    slow: Mutex<HashMap<AccountId, Instant>>,
    lane: Arc<Semaphore>,
}

impl Default for Turns {
    fn default() -> Self {
        Self {
            accounts: Mutex::default(),
            slow: Mutex::default(),
            lane: Arc::new(Semaphore::new(1)),
        }
    }
}

/// A turn, held until it is dropped. If it is dropped before [`Turn::ends`], its work was cancelled, and it
/// counts as a long one.
pub struct Turn<'t> {
    turns: &'t Turns,
    account: AccountId,
    is_long: bool,
    _lock: OwnedMutexGuard<()>,
    _lane: Option<OwnedSemaphorePermit>,
}

impl Turns {
    /// Waits for an account's turn.
    pub async fn take(&self, account: AccountId) -> Turn<'_> {
        let lock = {
            let mut accounts = locked(&self.accounts);
            if accounts.len() >= FORGET_FROM {
                accounts.retain(|_, lock| lock.strong_count() > 0);
            }
            let lock = accounts.get(&account).and_then(Weak::upgrade).unwrap_or_default();
            accounts.insert(account, Arc::downgrade(&lock));
            lock
        };
        let lock = lock.lock_owned().await;
        let lane = if self.is_slow(account) {
            // It is never closed.
            Arc::clone(&self.lane).acquire_owned().await.ok()
        } else {
            None
        };
        Turn {
            turns: self,
            account,
            is_long: true,
            _lock: lock,
            _lane: lane,
        }
    }

    fn is_slow(&self, account: AccountId) -> bool {
        let slow = locked(&self.slow);
        slow.get(&account).is_some_and(|since| since.elapsed() < KEPT)
    }

    fn put(&self, account: AccountId) {
        let mut slow = locked(&self.slow);
        if slow.len() >= MOST {
            slow.retain(|_, since| since.elapsed() < KEPT);
        }
        if slow.len() < MOST {
            slow.insert(account, Instant::now());
        }
    }
}

impl Turn<'_> {
    /// Ends the turn, whose work took `took`.
    pub fn ends(mut self, took: Duration) {
        self.is_long = took > LONG;
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        if mem::take(&mut self.is_long) {
            self.turns.put(self.account);
        }
    }
}

fn locked<T>(what: &Mutex<T>) -> MutexGuard<'_, T> {
    what.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::time::timeout;

    const AT_ONCE: Duration = Duration::from_millis(20);

    fn account(n: u8) -> AccountId {
        AccountId::from_random([n; 16])
    }

    #[tokio::test]
    async fn one_caller_has_the_turn_of_an_account() {
        let turns = Turns::default();
        let first = turns.take(account(1)).await;
        assert!(timeout(AT_ONCE, turns.take(account(1))).await.is_err());
        turns.take(account(2)).await.ends(Duration::ZERO);
        first.ends(Duration::ZERO);
        assert!(timeout(AT_ONCE, turns.take(account(1))).await.is_ok());
    }

    #[tokio::test]
    async fn accounts_whose_turns_are_long_share_one_lane() {
        let turns = Turns::default();
        turns.take(account(1)).await.ends(2 * LONG);
        // Cancelled: dropped without `ends`.
        drop(turns.take(account(2)).await);
        let first = turns.take(account(1)).await;
        assert!(timeout(AT_ONCE, turns.take(account(2))).await.is_err());
        assert!(timeout(AT_ONCE, turns.take(account(3))).await.is_ok());
        first.ends(Duration::ZERO);
        assert!(timeout(AT_ONCE, turns.take(account(2))).await.is_ok());
    }
}
