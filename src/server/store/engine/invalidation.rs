//! Which keys were changed, for those who hold keys in memory: at once on the server that changed them, and within a
//! second on every other (docs/security.md, S73, S74).
//!
//! What is held was loaded at a moment of a counter that every change moves on. It is good for as long as no change of
//! its key came later. Keys share 4096 slots, so that a change lets go of a few others too.

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

/// For how long after the beginning of a look at the database what is held may be used.
pub(super) const HOLDS: Duration = Duration::from_secs(1);

/// When no server uses any more what it held before a change was committed, whatever becomes of it: [`HOLDS`] later, and
/// a little for clocks that run at different speeds.
pub(super) const KNOWN_BY: Duration = Duration::from_millis(1_020);

/// A moment of the counter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(u64);

/// Is told what the database's clock showed, and when it did by the clock here.
pub type TimeListener = Box<dyn Fn(Timestamp, Uptime) + Send + Sync>;

/// Who holds keys beside whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::server::store) enum Role {
    /// The server of an SQLite file: no other holds keys of it, but commands change them.
    Alone,
    /// One of the servers that share PostgreSQL.
    Server,
    /// A command beside servers, which holds nothing.
    Command,
}

/// What a look found in the database.
#[derive(Debug)]
pub(super) struct Found {
    /// The number of the last change.
    pub(super) epoch: i64,
    /// The keys of all changes after the one that was noted before; nothing where the database does not know them all.
    pub(super) keys: Option<Vec<KeyId>>,
}

/// How far the other servers were when a look asked.
#[derive(Clone, Copy, Default)]
struct Seen {
    /// Which look.
    look: u64,
    /// The change that the slowest of them had noted.
    least: i64,
}

/// The changes that this server knows of.
pub struct Changes {
    /// How this server is called among those that share the database.
    pub(super) server: String,
    pub(in crate::server::store) role: Role,
    counter: AtomicU64,
    slots: Box<[AtomicU64]>,
    all: AtomicU64,
    /// The last change in the database that this server has noted.
    epoch: Mutex<i64>,
    /// When the last look began that was a good one, as nanoseconds of [`Uptime`]; 0 before the first.
    looked: AtomicU64,
    /// Looks that were begun.
    looks: AtomicU64,
    seen: watch::Sender<Seen>,
    /// Changes that wait until others know of them.
    waiting: AtomicUsize,
    hurry: Notify,
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
            looked: AtomicU64::new(0),
            looks: AtomicU64::new(0),
            seen: watch::Sender::default(),
            waiting: AtomicUsize::new(0),
            hurry: Notify::new(),
            is_leaving: AtomicBool::new(false),
            time_listener: OnceLock::new(),
        }
    }

    /// Who is told the time with every look at the database from here on; the first who asks for it.
    pub(super) fn tell_time(&self, listener: TimeListener) {
        let _ = self.time_listener.set(listener);
    }

    /// The database's clock showed `told` at the moment `at`.
    pub(super) fn told(&self, told: Timestamp, at: Uptime) {
        if let Some(listener) = self.time_listener.get() {
            listener(told, at);
        }
    }

    /// Now, to be taken before a key is loaded.
    #[must_use]
    pub fn moment(&self) -> Moment {
        Moment(self.counter.load(SeqCst))
    }

    /// Whether a key that was loaded after `moment` is still as it was.
    #[must_use]
    pub fn holds(&self, key: KeyId, moment: Moment) -> bool {
        self.all.load(SeqCst) <= moment.0 && self.slot(key).load(SeqCst) <= moment.0
    }

    /// Lets go of one key. Called after the change can be read in the database, and before anybody is told of it.
    pub fn note(&self, key: KeyId) {
        let now = self.counter.fetch_add(1, SeqCst) + 1;
        self.slot(key).fetch_max(now, SeqCst);
    }

    /// Lets go of every key.
    pub fn note_all(&self) {
        let now = self.counter.fetch_add(1, SeqCst) + 1;
        self.all.fetch_max(now, SeqCst);
    }

    /// The last change that was noted here.
    pub(super) fn epoch(&self) -> i64 {
        *self.epoch.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A change of this server, whose keys were noted, is the database's `epoch`. Changes of others in between are found
    /// by the next look.
    pub(super) fn made(&self, made: i64) {
        let mut epoch = self.epoch.lock().unwrap_or_else(PoisonError::into_inner);
        if *epoch + 1 == made {
            *epoch = made;
        }
    }

    /// Lets go of what was found to be changed since `before`, the change that was the last one when the look began.
    pub(super) fn take(&self, found: &Found, before: i64) {
        if found.epoch == before {
            return;
        }
        match &found.keys {
            // A database that was put back to an earlier state has fewer changes.
            Some(keys) if found.epoch > before => keys.iter().for_each(|key| self.note(*key)),
            _ => self.note_all(),
        }
        let mut epoch = self.epoch.lock().unwrap_or_else(PoisonError::into_inner);
        *epoch = if found.epoch > before {
            found.epoch.max(*epoch)
        } else {
            found.epoch
        };
    }

    /// A look begins; which one it is.
    pub(super) fn begin_look(&self) -> u64 {
        self.looks.fetch_add(1, SeqCst) + 1
    }

    /// What is held may be used for a while from `began`, when a look began that let go of what was changed before.
    pub(super) fn renew(&self, began: Uptime) {
        self.looked.store(began.nanos().max(1), SeqCst);
    }

    /// How long ago the last good look at the database began; nothing if there was none. To be asked before what is held is
    /// looked at: what is let go of meanwhile was good then.
    #[must_use]
    pub fn since_look(&self) -> Option<Duration> {
        match self.looked.load(SeqCst) {
            0 => None,
            began => Some(Uptime::from_nanos(began).elapsed()),
        }
    }

    /// From here on this server looks no more, and has no row.
    pub(super) fn leave(&self) {
        self.is_leaving.store(true, SeqCst);
    }

    /// Whether it was told to.
    pub(super) fn is_leaving(&self) -> bool {
        self.is_leaving.load(SeqCst)
    }

    /// Whether a change waits until others know of it.
    pub(super) fn is_waited_for(&self) -> bool {
        self.waiting.load(SeqCst) > 0
    }

    /// Ends once a change begins to wait.
    pub(super) async fn hurried(&self) {
        self.hurry.notified().await;
    }

    /// In a look the slowest of the other servers had noted `least`; [`i64::MAX`] where there is none.
    pub(super) fn saw(&self, look: u64, least: i64) {
        self.seen.send_replace(Seen { look, least });
    }

    /// Waits until no other server uses what it held before the change `epoch`, which was committed: all of them have noted
    /// it, or a second has passed.
    pub(super) async fn known(&self, epoch: i64) {
        let mut seen = self.seen.subscribe();
        let begun = self.looks.load(SeqCst);
        let _waits = Waits::new(&self.waiting);
        self.hurry.notify_one();
        // Only a look that began after the change was committed tells who was there then.
        let all = seen.wait_for(|seen| seen.look > begun && seen.least >= epoch);
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

    fn changes() -> Changes {
        Changes::new("a".to_owned(), Role::Server)
    }

    fn found(epoch: i64, keys: &[KeyId]) -> Found {
        let keys = Some(keys.to_vec());
        Found { epoch, keys }
    }

    #[test]
    fn what_was_loaded_before_a_change_is_let_go_of() {
        let changes = changes();
        let [one, other] = [1_u8, 2].map(|n| KeyId::from_random([n; 16]));
        let before = changes.moment();
        assert!(changes.holds(one, before));
        changes.note(one);
        assert!(!changes.holds(one, before));
        assert!(changes.holds(other, before));
        let after = changes.moment();
        assert!(changes.holds(one, after));
        changes.note_all();
        assert!(!changes.holds(one, after) && !changes.holds(other, after));
        assert!(changes.holds(one, changes.moment()));
    }

    #[test]
    fn what_others_changed_is_let_go_of_and_nothing_else() {
        let changes = changes();
        let [one, other] = [1_u8, 2].map(|n| KeyId::from_random([n; 16]));
        let before = changes.moment();
        // One's own, noted when it was made.
        changes.made(1);
        changes.take(&found(1, &[]), 1);
        assert!(changes.holds(one, before));
        changes.take(&found(3, &[one]), 1);
        assert!(!changes.holds(one, before) && changes.holds(other, before));
        assert_eq!(changes.epoch(), 3);
        // Not all of them are known, or the database is an earlier one.
        for epoch in [9, 2] {
            let (before, known) = (changes.moment(), changes.epoch());
            changes.take(&Found { epoch, keys: None }, known);
            assert!(!changes.holds(other, before));
            assert_eq!(changes.epoch(), epoch);
        }
        // One's own that was made while a look was under way stays noted.
        changes.made(3);
        changes.take(&found(2, &[]), 2);
        assert_eq!(changes.epoch(), 3);
        // Another server's fourth change came before this one's fifth.
        changes.made(5);
        assert_eq!(changes.epoch(), 3);
    }

    #[test]
    fn what_is_held_may_be_used_after_a_look() {
        let changes = changes();
        assert_eq!(changes.since_look(), None);
        let now = Uptime::now();
        changes.renew(now);
        assert!(changes.since_look().is_some());
    }

    #[tokio::test]
    async fn a_change_waits_for_a_look_that_began_after_it() {
        let changes = std::sync::Arc::new(changes());
        let early = changes.begin_look();
        let waits = std::sync::Arc::clone(&changes);
        let mut known = tokio::spawn(async move { waits.known(7).await });
        changes.hurried().await;
        assert!(changes.is_waited_for());
        let late = changes.begin_look();
        for (look, least) in [(early, i64::MAX), (late, 6)] {
            changes.saw(look, least);
            tokio::task::yield_now().await;
            assert!(!known.is_finished(), "{look} {least}");
        }
        changes.saw(late, 7);
        (&mut known).await.expect("it is known");
        assert!(!changes.is_waited_for());
    }
}
