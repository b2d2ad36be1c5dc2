//! Folding of events that clients can repeat without limit: refused sign-ins, refusals by role, exports. The
//! first event of a kind is written at once. Repeats within a minute are counted, and one more entry says how
//! many there were (docs/security.md, S67 and S90). The activity is append-only, so the first entry is not
//! changed.

use super::batches::{self, Refused, WriteRows};
use crate::{
    domain::{
        activity::{Entry, Event},
        ids::{AccountId, UserId},
        time::Timestamp,
    },
    server::{
        runtime::rng::Rng,
        store::{Store, StoreError, Tables as _, Tx, activity::refusals::Refusal},
    },
};
use async_trait::async_trait;
use std::{
    collections::HashMap,
    mem,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};
use uuid::Builder;

/// Length of a window.
const WINDOW: Duration = Duration::from_mins(1);
/// Maximum number of kinds of one event of an account that get their own entries in a window. Further kinds share one
/// entry.
const KINDS: usize = 10;
/// The same for refusals without an account.
const UNOWNED_KINDS: usize = 1_000;
/// Maximum number of windows in memory, open or waiting to be written; events beyond it are counted as lost.
const WINDOWS: usize = 10_000;
/// Maximum number of rows in the table of refusals without an account.
const UNOWNED_ROWS: u32 = 10_000;
/// Maximum number of rows that one insert deletes to keep the table below that maximum.
const TRIMMED: u32 = 1_000;
/// Rows in one transaction.
const CHUNK: usize = 200;

/// What to do with an event.
#[must_use]
pub enum Seen<'f> {
    /// The first of its kind: write it now.
    First(First<'f>),
    /// Counted; the entry at the end of the minute includes it.
    Repeat,
}

/// The first event of its kind, to be written. If it is dropped before [`First::written`], for example
/// because its client disconnected, it is counted as a repeat.
pub struct First<'f> {
    folds: &'f Folds,
    entry: &'f Entry,
}

impl First<'_> {
    /// Confirms that it was written.
    pub fn written(self) {
        mem::forget(self);
    }

    /// Removes it from the count, because it could not be written. Repeats that were counted meanwhile stay.
    pub fn undo(self) {
        self.folds.forget(self.entry);
        mem::forget(self);
    }
}

impl Drop for First<'_> {
    fn drop(&mut self) {
        self.folds.keep(self.entry);
    }
}

/// Events are grouped by account (or none) and event type.
type Group = (Option<AccountId>, Event);
/// Events of a group are repeats if they have the same actor, target, detail and address.
type Kind = (Option<UserId>, String, String, Option<String>);

/// One group's counts for a minute.
struct Window {
    began: Timestamp,
    kinds: HashMap<Kind, Repeats>,
    /// The events of further kinds together, with the last one of them.
    others: Option<Repeats>,
}

struct Repeats {
    first: Entry,
    more: u64,
}

/// Folds events by minute.
#[derive(Default)]
pub struct Folds {
    open: Mutex<HashMap<Group, Window>>,
    /// Past windows that wait to be written.
    over: Mutex<Vec<Window>>,
    /// Entries of past windows that could not be written yet. Locked while they are being written.
    unwritten: tokio::sync::Mutex<Vec<(Entry, u64)>>,
    lost: AtomicU64,
    unowned: AtomicU64,
    refused: Refused,
}

fn lock<T>(what: &Mutex<T>) -> MutexGuard<'_, T> {
    what.lock().unwrap_or_else(PoisonError::into_inner)
}

fn kind(entry: &Entry) -> Kind {
    let entry = entry.clone();
    (entry.actor, entry.target, entry.detail, entry.ip_hash)
}

impl Folds {
    /// Counts an event.
    pub fn count<'f>(&'f self, entry: &'f Entry) -> Seen<'f> {
        if entry.account.is_none() {
            self.unowned.fetch_add(1, Relaxed);
        }
        let mut open = lock(&self.open);
        let group = (entry.account, entry.event);
        if open.get(&group).is_some_and(|window| window.is_over(entry.at)) {
            let over = open.remove(&group);
            self.put_over(over);
        }
        if open.len() >= WINDOWS && !open.contains_key(&group) {
            self.lost.fetch_add(1, Relaxed);
            return Seen::Repeat;
        }
        let window = open.entry(group).or_insert_with(|| Window {
            began: entry.at,
            kinds: HashMap::new(),
            others: None,
        });
        let most = if entry.account.is_some() {
            KINDS
        } else {
            UNOWNED_KINDS
        };
        let is_full = window.kinds.len() >= most;
        let kind = kind(entry);
        if let Some(repeats) = window.kinds.get_mut(&kind) {
            repeats.more += 1;
        } else if is_full {
            let others = window.others.get_or_insert_with(|| Repeats {
                first: entry.clone(),
                more: 0,
            });
            others.more += 1;
        } else {
            let first = entry.clone();
            window.kinds.insert(kind, Repeats { first, more: 0 });
            return Seen::First(First { folds: self, entry });
        }
        Seen::Repeat
    }

    fn keep(&self, entry: &Entry) {
        if let Some(window) = lock(&self.open).get_mut(&(entry.account, entry.event))
            && let Some(repeats) = window.kinds.get_mut(&kind(entry))
        {
            repeats.more += 1;
        }
    }

    fn forget(&self, entry: &Entry) {
        if let Some(window) = lock(&self.open).get_mut(&(entry.account, entry.event)) {
            let kind = kind(entry);
            if window.kinds.get(&kind).is_some_and(|repeats| repeats.more == 0) {
                window.kinds.remove(&kind);
            }
        }
    }

    /// Moves windows to [`Self::over`]: those that are past at `now`, or all.
    fn close(&self, now: Option<Timestamp>) {
        let mut open = lock(&self.open);
        let is_over = |window: &mut Window| now.is_none_or(|now| window.is_over(now));
        let over: Vec<_> = open
            .extract_if(|_, window| is_over(window))
            .map(|(_, window)| window)
            .collect();
        drop(open);
        self.put_over(over);
    }

    fn put_over(&self, windows: impl IntoIterator<Item = Window>) {
        let mut over = lock(&self.over);
        for window in windows {
            if over.len() < WINDOWS {
                over.push(window);
            } else {
                self.lost.fetch_add(window.repeats(), Relaxed);
            }
        }
    }
}

impl Window {
    fn is_over(&self, now: Timestamp) -> bool {
        now.since(self.began) >= WINDOW
    }

    fn repeats(&self) -> u64 {
        let others = self.others.as_ref().map_or(0, |others| others.more);
        self.kinds.values().map(|repeats| repeats.more).sum::<u64>() + others
    }

    /// The entries of the window.
    fn entries(&self, rng: &dyn Rng, now: Timestamp) -> Vec<(Entry, u64)> {
        let at = self.began.plus(WINDOW).min(now);
        let entry = |repeats: &Repeats, from: &str, is_one_kind: bool| {
            let first = &repeats.first;
            let more = format!("{} more in that minute{from}", repeats.more);
            let words = if first.detail.is_empty() || !is_one_kind {
                more
            } else {
                format!("{}, {more}", first.detail)
            };
            let mut entry = Entry {
                id: Builder::from_random_bytes(rng.bytes()).into_uuid(),
                at,
                detail: words,
                request_id: String::new(),
                ..first.clone()
            };
            if !is_one_kind {
                entry.actor = None;
                "Unknown person".clone_into(&mut entry.actor_name);
                entry.ip_hash = None;
            }
            (entry, repeats.more)
        };
        let kinds = self.kinds.values().filter(|repeats| repeats.more > 0);
        let kinds = kinds.map(|repeats| entry(repeats, "", true));
        let others = self
            .others
            .iter()
            .map(|others| entry(others, ", by others", false));
        kinds.chain(others).collect()
    }
}

/// Writes the first event of a kind, in the transaction of its change.
pub async fn insert(tx: &mut Tx, entry: &Entry) -> Result<(), StoreError> {
    insert_times(tx, entry, 1).await
}

async fn insert_times(tx: &mut Tx, entry: &Entry, times: u64) -> Result<(), StoreError> {
    if entry.account.is_some() {
        return tx.activity().insert(entry).await;
    }
    let refusal = Refusal {
        id: &entry.id.to_string(),
        at: entry.at,
        event: entry.event.id(),
        ip_hash: entry.ip_hash.as_deref(),
        times,
    };
    tx.refusals().insert(&refusal).await
}

/// Writes the first event of a kind in a transaction of its own.
pub async fn write_first(store: &Store, entry: &Entry) -> Result<(), StoreError> {
    let mut tx = store.write().await?;
    insert(&mut tx, entry).await?;
    tx.commit().await
}

impl Folds {
    /// An empty fold; rows that the database refuses are counted in `refused`.
    #[must_use]
    pub fn new(refused: Refused) -> Self {
        Self {
            refused,
            ..Self::default()
        }
    }

    /// Number of events without an account since the start.
    #[must_use]
    pub fn unowned(&self) -> u64 {
        self.unowned.load(Relaxed)
    }

    /// Writes the repeats of past minutes; returns how many events they include.
    pub async fn write_due(&self, store: &Store, rng: &dyn Rng, now: Timestamp) -> Result<u64, StoreError> {
        self.close(Some(now));
        self.write(store, rng, now).await
    }

    /// Writes all repeats, at shutdown.
    pub async fn write_all(&self, store: &Store, rng: &dyn Rng, now: Timestamp) -> Result<u64, StoreError> {
        self.close(None);
        self.write(store, rng, now).await
    }

    async fn write(&self, store: &Store, rng: &dyn Rng, now: Timestamp) -> Result<u64, StoreError> {
        let lost = self.lost.swap(0, Relaxed);
        if lost > 0 {
            tracing::warn!(
                lost,
                "there were too many repeated events to count: they are missing from the activity"
            );
        }
        let mut unwritten = self.unwritten.lock().await;
        let windows = mem::take(&mut *lock(&self.over));
        unwritten.extend(windows.iter().flat_map(|window| window.entries(rng, now)));
        let written = batches::write(store, &self.refused, &Repeated, &unwritten, false).await;
        // Settled entries are removed at once, so that none is written twice.
        let settled = unwritten.drain(..written.settled);
        let count = settled.map(|(_, times)| times).sum::<u64>();
        written.error.map_or(Ok(count), Err)
    }
}

/// Entries of repeats, with their counts.
struct Repeated;

#[async_trait]
impl WriteRows<(Entry, u64)> for Repeated {
    const ROWS: &'static str = "repeated_events";
    const CHUNK: usize = CHUNK;

    async fn write(&self, tx: &mut Tx, rows: &[(Entry, u64)], _: bool) -> Result<(), StoreError> {
        for (entry, times) in rows {
            insert_times(tx, entry, *times).await?;
        }
        if rows.iter().any(|(entry, _)| entry.account.is_none()) {
            tx.refusals().trim(UNOWNED_ROWS, TRIMMED).await?;
        }
        Ok(())
    }
}
