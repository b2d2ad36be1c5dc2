//! Notes what keys did, in batches and outside the request's path: a request never waits for it and never fails by it.
//! A full queue drops, counts, and leaves a mark in the log (docs/security.md, S78).

use super::{
    clock::Clock,
    rng::Rng,
    secret::pepper::KeyHash,
    store::{Store, StoreError, Tables as _, given},
};
use crate::domain::{
    activity::{Actor, Entry, Event, Trace},
    ids::KeyId,
    log::{KeyUse, LogEntry},
    time::Timestamp,
};
use std::{
    collections::{BTreeMap, HashMap},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::{
    sync::{mpsc, oneshot},
    time::{sleep, timeout},
};

/// Entries that may wait to be written, in the queue and again in the batch.
const QUEUE: usize = 10_000;
/// How long they wait at most. Until then nobody looks into the queue: waking somebody for each entry costs more than
/// the entry. It passes after each time that was written, too.
const EVERY: Duration = Duration::from_millis(500);
/// How many times as long as it wrote the writer rests at most, where more is dropped than it could write in any case:
/// answering comes first then.
const LONGEST_REST: u32 = 3;
/// How long to wait for a database that is away; with the requests in flight before it, a stop takes less than 15
/// seconds (docs/security.md, S80).
const PATIENCE: Duration = Duration::from_secs(4);
/// How often the last use of one key is written while it is used all the time; whoever waits for what was noted gets it
/// at once.
const USES_EVERY: Duration = Duration::from_mins(1);
/// Keys for which it is known when that was.
const MOST_USED: usize = 200_000;
/// How often the use of one key after its end is told.
const ALERT_EVERY: Duration = Duration::from_hours(1);
/// Rows of one transaction: on SQLite nobody else writes meanwhile.
const CHUNK: usize = 16 * given::MANY;

enum Message {
    /// A request, and what it was to its key.
    Request(Box<LogEntry>, KeyUse),
    /// A key is stored under an older pepper, the first hash, and belongs under the second.
    Rekey(KeyId, KeyHash, KeyHash),
}

/// The queue's entrance; cheap to clone.
#[derive(Clone)]
pub struct Recorder {
    queue: mpsc::Sender<Message>,
    flushes: mpsc::Sender<oneshot::Sender<bool>>,
    dropped: Arc<AtomicU64>,
    unqueued: Arc<Mutex<HashMap<KeyId, Timestamp>>>,
}

impl Recorder {
    /// Starts the task that writes.
    #[must_use]
    pub fn start(store: Store, clock: Arc<dyn Clock>, rng: Arc<dyn Rng>) -> Self {
        let (queue, messages) = mpsc::channel(QUEUE);
        let (flushes, asked) = mpsc::channel(1);
        let dropped = Arc::<AtomicU64>::default();
        let unqueued = Arc::<Mutex<HashMap<KeyId, Timestamp>>>::default();
        let writer = Writer {
            store,
            clock,
            rng,
            messages,
            dropped: Arc::clone(&dropped),
            unqueued: Arc::clone(&unqueued),
            marked: 0,
            seen: 0,
            failed: false,
            batch: Batch::default(),
            uses_written: HashMap::new(),
        };
        tokio::spawn(writer.run(asked));
        Self {
            queue,
            flushes,
            dropped,
            unqueued,
        }
    }

    /// A place for a request that was made with a key; nothing when the queue is full, and the request is counted then.
    #[must_use]
    pub fn place(&self) -> Option<Place<'_>> {
        let place = self.queue.try_reserve().ok();
        if place.is_none() {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
        place.map(Place)
    }

    /// Notes the last use of a key for which there is no place in the queue: a secret that is in use is not taken for one
    /// that never was (docs/security.md, S35).
    pub fn used(&self, key: KeyId, at: Timestamp) {
        let mut unqueued = lock(&self.unqueued);
        if unqueued.len() < MOST_USED || unqueued.contains_key(&key) {
            unqueued.insert(key, at);
        }
    }

    /// Notes that a key belongs under another hash. Dropped, it is noted again with the next use.
    pub fn rekey(&self, key: KeyId, from: KeyHash, to: KeyHash) {
        let _ = self.queue.try_send(Message::Rekey(key, from, to));
    }

    /// Entries that wait in the queue.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.queue.max_capacity() - self.queue.capacity()
    }

    /// Requests that were dropped because the queue was full.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }

    /// Waits until everything noted before has been written, or for as long as that may take; whether it was written.
    pub async fn flush(&self) -> bool {
        let (done, written) = oneshot::channel();
        let flush = async {
            let sent = self.flushes.send(done).await;
            sent.is_ok() && written.await.unwrap_or(false)
        };
        timeout(PATIENCE, flush).await.unwrap_or_else(|_| {
            tracing::warn!("the request log could not be written in time");
            false
        })
    }
}

/// What one of its holders left when it panicked is as good as before.
fn lock<T>(what: &Mutex<T>) -> MutexGuard<'_, T> {
    what.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A place in the queue.
pub struct Place<'q>(mpsc::Permit<'q, Message>);

impl Place<'_> {
    /// Notes a request there.
    pub fn note(self, entry: LogEntry, key_use: KeyUse) {
        self.0.send(Message::Request(Box::new(entry), key_use));
    }
}

/// What waits to be written.
#[derive(Default)]
struct Batch {
    entries: Vec<LogEntry>,
    /// In the order of the keys on every server: two that update the same rows must not wait for each other. A key used
    /// a thousand times is one row to write.
    used: BTreeMap<KeyId, Timestamp>,
    rekeyed: BTreeMap<KeyId, (KeyHash, KeyHash)>,
    /// Keys that were used after their end: the request, and when it was.
    alerts: BTreeMap<KeyId, (Trace, Timestamp)>,
}

/// How long to rest after writing for so long: the more was dropped meanwhile for each row that was written, the longer.
/// What can be written without drops by resting less is not dropped for longer than it takes to notice.
fn rest(took: Duration, written: u64, dropped: u64) -> Duration {
    let short = |count: u64| u32::try_from(count).unwrap_or(u32::MAX);
    let share = took.saturating_mul(short(dropped)) / short(written).max(1);
    share.min(took.saturating_mul(LONGEST_REST)).max(EVERY)
}

struct Writer {
    store: Store,
    clock: Arc<dyn Clock>,
    rng: Arc<dyn Rng>,
    messages: mpsc::Receiver<Message>,
    dropped: Arc<AtomicU64>,
    /// Uses without a place in the queue.
    unqueued: Arc<Mutex<HashMap<KeyId, Timestamp>>>,
    /// How many of those dropped have their mark in the log.
    marked: u64,
    /// How many had been dropped when it last began to write.
    seen: u64,
    /// Whether it failed when it last wrote.
    failed: bool,
    batch: Batch,
    /// When the last use of a key was written.
    uses_written: HashMap<KeyId, Timestamp>,
}

impl Writer {
    /// Writes at its times, and for whoever asks; once there is nobody left to write for, the last time.
    async fn run(mut self, mut asked: mpsc::Receiver<oneshot::Sender<bool>>) {
        let mut rest = EVERY;
        loop {
            tokio::select! {
                asked = asked.recv() => {
                    let written = self.settle(true).await;
                    match asked {
                        // Whoever asked may have stopped waiting.
                        Some(done) => drop(done.send(written)),
                        None => return,
                    }
                }
                () = sleep(rest) => rest = self.work().await,
            }
        }
    }

    /// Writes what it is time for; how long to rest then.
    async fn work(&mut self) -> Duration {
        let began = Instant::now();
        let waiting = self.messages.len() as u64;
        let dropped = self.dropped.load(Ordering::Relaxed) - self.seen;
        self.seen += dropped;
        self.settle(false).await;
        rest(began.elapsed(), waiting, dropped)
    }

    /// Writes everything that was noted before, or without `all` what it is time for; whether it is written. While the
    /// database is away the batch stays, the queue fills, and then requests are dropped.
    async fn settle(&mut self, all: bool) -> bool {
        if !self.batch.entries.is_empty() && !self.write(all).await {
            return false;
        }
        for _ in 0..self.messages.len() {
            match self.messages.try_recv() {
                Ok(Message::Request(entry, key_use)) => self.note(*entry, key_use),
                Ok(Message::Rekey(key, from, to)) => {
                    self.batch.rekeyed.insert(key, (from, to));
                }
                // Nothing is left, or what is being sent has not come yet.
                Err(_) => break,
            }
        }
        let unqueued = std::mem::take(&mut *lock(&self.unqueued));
        for (key, at) in unqueued {
            self.note_use(key, at);
        }
        self.write(all).await
    }

    fn note_use(&mut self, key: KeyId, at: Timestamp) {
        let latest = self.batch.used.entry(key).or_insert(at);
        *latest = at.max(*latest);
    }

    fn note(&mut self, entry: LogEntry, key_use: KeyUse) {
        match key_use {
            KeyUse::Accepted => self.note_use(entry.key, entry.at),
            KeyUse::AfterEnd => {
                let trace = Trace {
                    request_id: entry.request_id.clone(),
                    ip_hash: entry.ip_hash.clone(),
                };
                self.batch.alerts.entry(entry.key).or_insert((trace, entry.at));
            }
            KeyUse::Refused => {}
        }
        self.batch.entries.push(entry);
    }

    /// Tells in the activity that keys were used after their end, once an hour for each (docs/security.md, S39).
    async fn write_alerts(&mut self) -> Result<(), StoreError> {
        let mut tx = self.store.write().await?;
        for (&key, (trace, at)) in &self.batch.alerts {
            let told = tx.leaks().alert(key, *at, at.minus(ALERT_EVERY)).await?;
            if let Some((account, name, prefix)) = told {
                let actor = Actor::program(Some(trace));
                let target = (key.to_string(), name.as_str());
                let detail = format!("{prefix}..., refused");
                let event = Event::RetiredKeyUsed;
                let entry = Entry::new(self.rng.bytes(), Some(account), *at, actor, event, target, detail);
                tx.activity().insert(&entry).await?;
            }
        }
        tx.commit().await?;
        self.batch.alerts.clear();
        Ok(())
    }

    /// Writes what waits; what the database refuses stays for the next time. Whether nothing waits any more.
    async fn write(&mut self, all: bool) -> bool {
        let Err(error) = self.try_write(all).await else {
            self.failed = false;
            return true;
        };
        self.failed = true;
        let waiting = self.batch.entries.len();
        tracing::warn!(error = %error, waiting, "the request log could not be written yet");
        false
    }

    /// Writes the last uses that are due, in transactions of their own: each goes through the keys in their order once.
    async fn write_uses(&mut self, all: bool) -> Result<(), StoreError> {
        let now = self.clock.now();
        let is_due = |key: &KeyId| {
            let written = self.uses_written.get(key);
            all || written.is_none_or(|&at| now.since(at) >= USES_EVERY)
        };
        let used = self.batch.used.iter().filter(|(key, _)| is_due(key));
        let due: Vec<_> = used.map(|(&key, &at)| (key, at)).collect();
        for uses in due.chunks(CHUNK) {
            let mut tx = self.store.write().await?;
            tx.key_uses().note(uses).await?;
            tx.commit().await?;
            if self.uses_written.len() + uses.len() > MOST_USED {
                self.uses_written.clear();
            }
            for (key, _) in uses {
                self.batch.used.remove(key);
                self.uses_written.insert(*key, now);
            }
        }
        Ok(())
    }

    async fn try_write(&mut self, all: bool) -> Result<(), StoreError> {
        self.write_uses(all).await?;
        if !self.batch.rekeyed.is_empty() {
            let mut tx = self.store.write().await?;
            for (&key, (from, to)) in &self.batch.rekeyed {
                tx.keys().rekey(key, from, to).await?;
            }
            tx.commit().await?;
            self.batch.rekeyed.clear();
        }
        if !self.batch.alerts.is_empty() {
            self.write_alerts().await?;
        }
        // In the order of the keys, as every other transaction of several. All of them, since rows of one key stand
        // beside each other in an index, and a transaction writes the fewer pages of it.
        self.batch.entries.sort_by_key(|entry| entry.key);
        while !self.batch.entries.is_empty() {
            let chunk = self.batch.entries.len().min(CHUNK);
            let mut tx = self.store.write().await?;
            tx.log_rows()
                .insert(&self.batch.entries[..chunk], self.failed)
                .await?;
            tx.commit().await?;
            self.batch.entries.drain(..chunk);
        }
        let dropped = self.dropped.load(Ordering::Relaxed);
        if dropped > self.marked {
            let id = hex::encode(self.rng.bytes::<16>());
            let mut tx = self.store.write().await?;
            tx.logs()
                .insert_gap(&id, self.clock.now(), dropped - self.marked)
                .await?;
            tx.commit().await?;
            self.marked = dropped;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_writer_rests_longer_only_where_more_is_dropped_than_it_writes() {
        let second = Duration::from_secs(1);
        for (took, written, dropped, rests) in [
            (second, 0, 0, EVERY),
            (second, 10, 0, EVERY),
            (second, 10_000, 2_000, EVERY),
            (second, 10_000, 20_000, 2 * second),
            (second, 10_000, 90_000, 3 * second),
            (second, 0, u64::MAX, 3 * second),
            (Duration::ZERO, 10_000, 90_000, EVERY),
        ] {
            assert_eq!(rest(took, written, dropped), rests, "{written}, {dropped}");
        }
    }
}
