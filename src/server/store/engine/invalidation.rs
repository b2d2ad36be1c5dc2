//! Cache invalidation: drops changed keys immediately on the server that changed them, and within a second on every
//! other (docs/security.md, S73, S74).
//!
//! A cached key carries the counter at which it was loaded; every change increments the counter. The key is valid while
//! no change of it came later. Keys share 4096 slots, so a change drops a few other keys too.

use crate::{
    domain::{ids::KeyId, time::Timestamp},
    server::runtime::clock::Uptime,
};
use std::{
    sync::{
        Mutex, OnceLock, PoisonError,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};
use tokio::{
    sync::{Notify, watch},
    time::timeout,
};

const SLOTS: usize = 4096;

/// The lease: how long after the beginning of a poll cached keys may be used.
pub(super) const LEASE: Duration = Duration::from_secs(1);

/// How long after a commit no server can use older cached keys any more: [`LEASE`], and a margin for clocks that run at
/// different speeds.
pub(super) const KNOWN_BY: Duration = Duration::from_millis(1_020);

/// A value of the counter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Generation(u64);

/// Callback with a database timestamp and the local time at which it was read.
pub type TimeListener = Box<dyn Fn(Timestamp, Uptime) + Send + Sync>;

/// Role of this process among those that use the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::server::store) enum Role {
    /// The server of an SQLite file: no other server caches its keys, but commands change them.
    Alone,
    /// One of the servers that share PostgreSQL.
    Server,
    /// A command beside servers, which caches nothing.
    Command,
}

/// Result of a poll.
#[derive(Debug)]
pub(super) struct Found {
    /// The number of the last change.
    pub(super) epoch: i64,
    /// The keys of all changes since the last poll; `None` if the database does not have all of them.
    pub(super) keys: Option<Vec<KeyId>>,
}

/// How far the other servers were at a poll.
#[derive(Clone, Copy, Default)]
struct Seen {
    /// Number of the poll.
    poll: u64,
    /// The change number that the slowest of them had acknowledged.
    least: i64,
}

/// The cache invalidation of this process.
pub struct Changes {
    /// Name of this server among those that share the database.
    pub(super) server: String,
    pub(in crate::server::store) role: Role,
    counter: AtomicU64,
    slots: Box<[AtomicU64]>,
    all: AtomicU64,
    /// The last change number that this server has processed.
    epoch: Mutex<i64>,
    /// When the last successful poll began, as nanoseconds of [`Uptime`]; 0 before the first.
    polled_at: AtomicU64,
    /// Number of polls begun.
    polls: AtomicU64,
    seen: watch::Sender<Seen>,
    /// Changes that wait for other servers.
    waiting: AtomicUsize,
    wake_poller: Notify,
    is_leaving: AtomicBool,
    time_listener: OnceLock<TimeListener>,
}

impl Changes {
    pub(super) fn new(server: String, role: Role) -> Self {
        Self {
            server,
            role,
            counter: AtomicU64::new(1),
            slots: (0..SLOTS).map(|_| AtomicU64::new(0)).collect(),
            all: AtomicU64::new(0),
            epoch: Mutex::default(),
            polled_at: AtomicU64::new(0),
            polls: AtomicU64::new(0),
            seen: watch::Sender::default(),
            waiting: AtomicUsize::new(0),
            wake_poller: Notify::new(),
            is_leaving: AtomicBool::new(false),
            time_listener: OnceLock::new(),
        }
    }

    /// Registers the time listener; only the first registration counts.
    pub(super) fn set_time_listener(&self, listener: TimeListener) {
        let _ = self.time_listener.set(listener);
    }

    /// Calls the time listener: the database's clock showed `shown` at the local time `at`.
    pub(super) fn report_time(&self, shown: Timestamp, at: Uptime) {
        if let Some(listener) = self.time_listener.get() {
            listener(shown, at);
        }
    }

    /// The current counter; read it before a key is loaded.
    #[must_use]
    pub fn generation(&self) -> Generation {
        Generation(self.counter.load(SeqCst))
    }

    /// Whether a key that was loaded after `generation` is still as it was.
    #[must_use]
    pub fn is_current(&self, key: KeyId, generation: Generation) -> bool {
        self.all.load(SeqCst) <= generation.0 && self.slot(key).load(SeqCst) <= generation.0
    }

    /// Drops one key from the cache. Called after the change is visible in the database and before any response about
    /// it.
    pub fn drop_key(&self, key: KeyId) {
        let now = self.counter.fetch_add(1, SeqCst) + 1;
        self.slot(key).fetch_max(now, SeqCst);
    }

    /// Drops every key from the cache.
    pub fn drop_all(&self) {
        let now = self.counter.fetch_add(1, SeqCst) + 1;
        self.all.fetch_max(now, SeqCst);
    }

    /// The last change number that was processed here.
    pub(super) fn epoch(&self) -> i64 {
        *self.epoch.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Records the number of this server's own change, whose keys are already dropped. The next poll finds changes of
    /// others in between.
    pub(super) fn record_own(&self, number: i64) {
        let mut epoch = self.epoch.lock().unwrap_or_else(PoisonError::into_inner);
        if *epoch + 1 == number {
            *epoch = number;
        }
    }

    /// Drops the keys that changed since `before`, the last change number when the poll began.
    pub(super) fn apply(&self, found: &Found, before: i64) {
        if found.epoch == before {
            return;
        }
        match &found.keys {
            // A database that was put back to an earlier state has fewer changes.
            Some(keys) if found.epoch > before => keys.iter().for_each(|key| self.drop_key(*key)),
            _ => self.drop_all(),
        }
        let mut epoch = self.epoch.lock().unwrap_or_else(PoisonError::into_inner);
        *epoch = if found.epoch > before {
            found.epoch.max(*epoch)
        } else {
            found.epoch
        };
    }

    /// Begins a poll; returns its number.
    pub(super) fn begin_poll(&self) -> u64 {
        self.polls.fetch_add(1, SeqCst) + 1
    }

    /// Renews the lease, from the beginning of a successful poll.
    pub(super) fn renew(&self, began: Uptime) {
        self.polled_at.store(began.nanos().max(1), SeqCst);
    }

    /// How long ago the last successful poll began; `None` if there was none. Read it before the cache: a key that is
    /// dropped in between was valid then.
    #[must_use]
    pub fn since_poll(&self) -> Option<Duration> {
        match self.polled_at.load(SeqCst) {
            0 => None,
            began => Some(Uptime::from_nanos(began).elapsed()),
        }
    }

    /// From here on this server does not poll and has no row.
    pub(super) fn leave(&self) {
        self.is_leaving.store(true, SeqCst);
    }

    /// Whether [`Self::leave`] was called.
    pub(super) fn is_leaving(&self) -> bool {
        self.is_leaving.load(SeqCst)
    }

    /// Whether a change waits for other servers.
    pub(super) fn is_waited_for(&self) -> bool {
        self.waiting.load(SeqCst) > 0
    }

    /// Completes once a change begins to wait.
    pub(super) async fn woken(&self) {
        self.wake_poller.notified().await;
    }

    /// Records the acknowledged change number of the slowest other server; [`i64::MAX`] if there is none.
    pub(super) fn record_peers(&self, poll: u64, least: i64) {
        self.seen.send_replace(Seen { poll, least });
    }

    /// Waits until no other server uses keys cached before the committed change `epoch`: all of them have acknowledged
    /// it, or a second has passed.
    pub(super) async fn wait_until_known(&self, epoch: i64) {
        let mut seen = self.seen.subscribe();
        let begun = self.polls.load(SeqCst);
        let _waits = Waits::new(&self.waiting);
        self.wake_poller.notify_one();
        // Only a poll that began after the commit shows all servers of that time.
        let all = seen.wait_for(|seen| seen.poll > begun && seen.least >= epoch);
        let _ = timeout(KNOWN_BY, all).await;
    }

    fn slot(&self, key: KeyId) -> &AtomicU64 {
        let low = key.uuid().as_u128() % SLOTS as u128;
        // The remainder is smaller than the number of slots.
        &self.slots[usize::try_from(low).unwrap_or_default()]
    }
}

/// Counts as waiting until it is dropped.
struct Waits<'c>(&'c AtomicUsize);

impl<'c> Waits<'c> {
    fn new(waiting: &'c AtomicUsize) -> Self {
        waiting.fetch_add(1, SeqCst);
        Self(waiting)
    }
}

impl Drop for Waits<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::poll;

    fn changes() -> Changes {
        Changes::new("a".to_owned(), Role::Server)
    }

    fn found(epoch: i64, keys: &[KeyId]) -> Found {
        let keys = Some(keys.to_vec());
        Found { epoch, keys }
    }

    #[test]
    fn keys_loaded_before_a_change_are_dropped() {
        let changes = changes();
        let [one, other] = [1_u8, 2].map(|n| KeyId::from_random([n; 16]));
        let before = changes.generation();
        assert!(changes.is_current(one, before));
        changes.drop_key(one);
        assert!(!changes.is_current(one, before));
        assert!(changes.is_current(other, before));
        let after = changes.generation();
        assert!(changes.is_current(one, after));
        changes.drop_all();
        assert!(!changes.is_current(one, after) && !changes.is_current(other, after));
        assert!(changes.is_current(one, changes.generation()));
    }

    #[test]
    fn only_keys_that_others_changed_are_dropped() {
        let changes = changes();
        let [one, other] = [1_u8, 2].map(|n| KeyId::from_random([n; 16]));
        let before = changes.generation();
        // An own change, processed when it was made.
        changes.record_own(1);
        changes.apply(&found(1, &[]), 1);
        assert!(changes.is_current(one, before));
        changes.apply(&found(3, &[one]), 1);
        assert!(!changes.is_current(one, before) && changes.is_current(other, before));
        assert_eq!(changes.epoch(), 3);
        // Not all of them are known, or the database is an earlier one.
        for epoch in [9, 2] {
            let (before, known) = (changes.generation(), changes.epoch());
            changes.apply(&Found { epoch, keys: None }, known);
            assert!(!changes.is_current(other, before));
            assert_eq!(changes.epoch(), epoch);
        }
        // An own change during a poll is not lost.
        changes.record_own(3);
        changes.apply(&found(2, &[]), 2);
        assert_eq!(changes.epoch(), 3);
        // Another server's fourth change came before this one's fifth.
        changes.record_own(5);
        assert_eq!(changes.epoch(), 3);
    }

    #[test]
    fn cached_keys_may_be_used_after_a_poll() {
        let changes = changes();
        assert_eq!(changes.since_poll(), None);
        let now = Uptime::now();
        changes.renew(now);
        assert!(changes.since_poll().is_some());
    }

    #[tokio::test]
    async fn a_change_waits_for_a_poll_that_began_after_it() {
        let changes = changes();
        let early = changes.begin_poll();
        let mut known = std::pin::pin!(changes.wait_until_known(7));
        assert!(poll!(known.as_mut()).is_pending());
        changes.woken().await;
        assert!(changes.is_waited_for());
        let late = changes.begin_poll();
        for (poll, least) in [(early, i64::MAX), (late, 6)] {
            changes.record_peers(poll, least);
            assert!(poll!(known.as_mut()).is_pending(), "{poll} {least}");
        }
        changes.record_peers(late, 7);
        known.await;
        assert!(!changes.is_waited_for());
    }
}
