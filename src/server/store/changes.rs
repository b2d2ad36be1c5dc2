//! Which keys were changed, for those who hold keys in memory: at once on the server that changed them, and within a
//! second on every other (docs/security.md, S73, S74).
//!
//! What is held was loaded at a moment of a counter that every change moves on. It is good for as long as no change of
//! its key came later. Keys share 4096 slots, so that a change lets go of a few others too.

use crate::domain::{ids::KeyId, time::Timestamp};
use std::{
    sync::{
        Mutex, OnceLock, PoisonError,
        atomic::{AtomicU64, Ordering::SeqCst},
    },
    time::{Duration, Instant},
};

const SLOTS: usize = 4096;

/// For how long after the last look at other servers' changes what is held may be used.
pub const SYNC_HOLDS: Duration = Duration::from_secs(1);

/// A moment of the counter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(u64);

/// Is told what the database's clock showed, and when it did by the monotonic clock here.
pub type TimeListener = Box<dyn Fn(Timestamp, Instant) + Send + Sync>;

/// The changes that this server knows of.
pub struct Changes {
    /// How this server is called among those that share the database.
    pub(super) server: String,
    counter: AtomicU64,
    slots: Box<[AtomicU64]>,
    all: AtomicU64,
    others: Mutex<Others>,
    time_listener: OnceLock<TimeListener>,
}

/// What is known of the other servers' changes.
#[derive(Default)]
struct Others {
    /// The last change in the database that this server has noted.
    epoch: i64,
    /// When the look at the database began that found it.
    looked: Option<Instant>,
}

impl Changes {
    pub(super) fn new(server: String) -> Self {
        Self {
            server,
            counter: AtomicU64::new(1),
            slots: (0..SLOTS).map(|_| AtomicU64::new(0)).collect(),
            all: AtomicU64::new(0),
            others: Mutex::default(),
            time_listener: OnceLock::new(),
        }
    }

    /// Who is told the time with every look at the database from here on; the first who asks for it.
    pub(super) fn tell_time(&self, listener: TimeListener) {
        let _ = self.time_listener.set(listener);
    }

    /// The database's clock showed `told` at the moment `at`.
    pub(super) fn told(&self, told: Timestamp, at: Instant) {
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

    /// A change of this server is the database's `epoch`. Changes of others in between are found by the next look.
    pub(super) fn made(&self, epoch: i64) {
        let mut others = self.others.lock().unwrap_or_else(PoisonError::into_inner);
        if others.epoch + 1 == epoch {
            others.epoch = epoch;
        }
    }

    /// The last change that was noted here.
    pub(super) fn epoch(&self) -> i64 {
        self.others.lock().unwrap_or_else(PoisonError::into_inner).epoch
    }

    /// A look at the database that began at `began` found `epoch`.
    pub(super) fn looked(&self, epoch: i64, began: Instant) {
        let mut others = self.others.lock().unwrap_or_else(PoisonError::into_inner);
        if epoch > others.epoch {
            others.epoch = epoch;
            self.note_all();
        }
        others.looked = Some(began);
    }

    /// How long ago the last look at the database began; nothing if there was none.
    #[must_use]
    pub fn since_look(&self) -> Option<Duration> {
        let others = self.others.lock().unwrap_or_else(PoisonError::into_inner);
        others.looked.map(|began| began.elapsed())
    }

    fn slot(&self, key: KeyId) -> &AtomicU64 {
        let low = key.uuid().as_u128() % SLOTS as u128;
        // The remainder is smaller than the number of slots.
        &self.slots[usize::try_from(low).unwrap_or_default()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_loaded_before_a_change_is_let_go_of() {
        let changes = Changes::new("a".to_owned());
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
    fn changes_of_others_let_go_of_everything_and_ones_own_do_not() {
        let changes = Changes::new("a".to_owned());
        let key = KeyId::from_random([1; 16]);
        assert_eq!(changes.since_look(), None);
        let before = changes.moment();
        changes.made(1);
        changes.looked(1, Instant::now());
        assert!(changes.holds(key, before));
        assert!(changes.since_look().is_some());
        // Another server's second change came before this one's third.
        changes.made(3);
        changes.looked(3, Instant::now());
        assert!(!changes.holds(key, before));
    }
}
