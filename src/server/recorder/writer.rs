//! Writes queued entries in batches.

use super::{
    MOST_USED, Message, lock,
    rows::{Alerts, Entries, Gaps, Rekeyed, Uses},
};
use crate::{
    domain::{
        activity::Trace,
        ids::KeyId,
        request_log::{KeyUse, LogEntry},
        time::Timestamp,
    },
    server::{
        recorder::{
            batches::{self, Refused},
            write_behind::WriteBehind,
        },
        runtime::{clock::Clock, rng::Rng, tasks::End},
        secret::key_hash::KeyHash,
        store::{Store, StoreError},
    },
};
use std::{
    collections::{BTreeMap, HashMap},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::{
    sync::{mpsc, oneshot},
    time::sleep,
};

/// Polling interval of the writer. It is not woken for each entry, because a wake-up costs more than an entry. The same
/// pause follows every write.
const EVERY: Duration = Duration::from_millis(500);
/// Overload back-off: after a write that took `t`, the writer pauses for at most `3 * t`, so that request handling gets
/// the CPU.
const LONGEST_REST: u32 = 3;
/// Interval at which the last use of a busy key is written. A flush writes it immediately.
const USES_EVERY: Duration = Duration::from_mins(1);
/// Interval at which a gap is written to the log while rows are being dropped.
const MARK_EVERY: Duration = Duration::from_secs(10);
/// Received entries that are not yet written.
#[derive(Default)]
pub(super) struct Batch {
    entries: Vec<LogEntry>,
    /// Last uses, ordered by key on every server, so that two that update the same rows do not deadlock. A
    /// key used a thousand times is one row.
    used: BTreeMap<KeyId, Timestamp>,
    rekeyed: BTreeMap<KeyId, (KeyHash, KeyHash)>,
    /// Uses of ended keys: request context and time.
    alerts: BTreeMap<KeyId, (Trace, Timestamp)>,
}

/// Length of the pause after a write that took `took`: `took * dropped / written`, between [`EVERY`] and three times
/// `took`. `dropped` counts the rows that were dropped since the previous write.
fn rest(took: Duration, written: u64, dropped: u64) -> Duration {
    let short = |count: u64| u32::try_from(count).unwrap_or(u32::MAX);
    let share = took.saturating_mul(short(dropped)) / short(written).max(1);
    share.min(took.saturating_mul(LONGEST_REST)).max(EVERY)
}

pub(super) struct Writer {
    pub(super) store: Store,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) rng: Arc<dyn Rng>,
    pub(super) write_behind: Arc<WriteBehind>,
    pub(super) messages: mpsc::Receiver<Message>,
    pub(super) dropped: Arc<AtomicU64>,
    /// Uses that found the queue full.
    pub(super) unqueued: Arc<Mutex<HashMap<KeyId, Timestamp>>>,
    /// Number of dropped rows that gaps in the log already count.
    pub(super) marked: u64,
    /// Time of the last gap.
    pub(super) marked_at: Option<Timestamp>,
    /// Number of dropped rows when the last write began.
    pub(super) seen: u64,
    /// Whether the last write failed.
    pub(super) failed: bool,
    pub(super) batch: Batch,
    /// When the last use of each key was written.
    pub(super) uses_written: HashMap<KeyId, Timestamp>,
    /// Flush requests.
    pub(super) flush_requests: mpsc::Receiver<oneshot::Sender<bool>>,
    /// Rows that the database refused.
    pub(super) refused: Refused,
}

impl Writer {
    /// Writes at intervals and on request, and a last time when all senders are dropped.
    pub(super) async fn run(&mut self) -> End {
        let mut rest = EVERY;
        loop {
            tokio::select! {
                request = self.flush_requests.recv() => {
                    let written = self.settle(true).await;
                    match request {
                        // The requester may have stopped waiting.
                        Some(done) => drop(done.send(written)),
                        None => return End::Done,
                    }
                }
                () = sleep(rest) => rest = self.work().await,
            }
        }
    }

    /// Writes what is due; returns the length of the pause.
    async fn work(&mut self) -> Duration {
        let began = Instant::now();
        let waiting = self.messages.len() as u64;
        let dropped = self.dropped.load(Ordering::Relaxed) - self.seen;
        self.seen += dropped;
        self.settle(false).await;
        rest(began.elapsed(), waiting, dropped)
    }

    /// Writes everything queued before, or without `all` only what is due; returns whether it was written. While the
    /// database is unavailable the batch stays, the queue fills, and then rows are dropped.
    async fn settle(&mut self, all: bool) -> bool {
        self.write_behind.write(&self.store, &self.refused).await;
        if !self.batch.entries.is_empty() && !self.write(all).await {
            return false;
        }
        for _ in 0..self.messages.len() {
            match self.messages.try_recv() {
                Ok(Message::Request(entry, key_use)) => self.add(*entry, key_use),
                Ok(Message::Rekey(key, from, to)) => {
                    self.batch.rekeyed.insert(key, (from, to));
                }
                // The queue is empty, or a reserved slot is not filled yet.
                Err(_) => break,
            }
        }
        let unqueued = std::mem::take(&mut *lock(&self.unqueued));
        for (key, at) in unqueued {
            self.add_use(key, at);
        }
        self.write(all).await
    }

    fn add_use(&mut self, key: KeyId, at: Timestamp) {
        let latest = self.batch.used.entry(key).or_insert(at);
        *latest = at.max(*latest);
    }

    fn add(&mut self, entry: LogEntry, key_use: KeyUse) {
        match key_use {
            KeyUse::Accepted => self.add_use(entry.key, entry.at),
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

    /// Writes the batch. Each kind is written even if another one fails; what cannot be written stays for the
    /// next time. Returns whether the batch is empty.
    async fn write(&mut self, all: bool) -> bool {
        let again = self.failed;
        let errors = [
            self.write_uses(all).await,
            self.write_rekeyed().await,
            self.write_alerts().await,
            self.write_entries(again).await,
            self.write_mark(all).await,
        ];
        let waiting = self.batch.entries.len();
        let error = errors.into_iter().flatten().next();
        self.failed = error.is_some() || waiting > 0;
        if let Some(error) = error {
            tracing::warn!(error = %error, waiting, "the request log could not be written yet");
        }
        !self.failed
    }

    /// Writes the last uses that are due.
    async fn write_uses(&mut self, all: bool) -> Option<StoreError> {
        let now = self.clock.now();
        let is_due = |key: &KeyId| {
            let written = self.uses_written.get(key);
            all || written.is_none_or(|&at| now.since(at) >= USES_EVERY)
        };
        let used = self.batch.used.iter().filter(|(key, _)| is_due(key));
        let due: Vec<_> = used.map(|(&key, &at)| (key, at)).collect();
        let written = batches::write(&self.store, &self.refused, &Uses, &due, false).await;
        let settled = &due[..written.settled];
        if self.uses_written.len() + settled.len() > MOST_USED {
            self.uses_written.clear();
        }
        for (key, _) in settled {
            self.batch.used.remove(key);
            self.uses_written.insert(*key, now);
        }
        written.error
    }

    async fn write_rekeyed(&mut self) -> Option<StoreError> {
        let rows = self.batch.rekeyed.iter();
        let rows: Vec<_> = rows.map(|(&key, (from, to))| (key, from, to)).collect();
        let written = batches::write(&self.store, &self.refused, &Rekeyed, &rows, false).await;
        let settled: Vec<_> = rows[..written.settled].iter().map(|(key, ..)| *key).collect();
        for key in settled {
            self.batch.rekeyed.remove(&key);
        }
        written.error
    }

    /// Records uses of ended keys in the activity, once an hour for each key (docs/security.md, S39).
    async fn write_alerts(&mut self) -> Option<StoreError> {
        let alerts = self.batch.alerts.iter();
        let rows: Vec<_> = alerts
            .map(|(&key, (trace, at))| (key, trace.clone(), *at))
            .collect();
        let writer = Alerts(self.rng.as_ref());
        let written = batches::write(&self.store, &self.refused, &writer, &rows, false).await;
        for (key, ..) in &rows[..written.settled] {
            self.batch.alerts.remove(key);
        }
        written.error
    }

    /// Writes request log rows, ordered by key like every other transaction with several keys. Always the
    /// whole batch: rows of one key are neighbours in an index, so a larger transaction touches fewer pages
    /// for each row.
    async fn write_entries(&mut self, again: bool) -> Option<StoreError> {
        self.batch.entries.sort_by_key(|entry| entry.key);
        let written = batches::write(&self.store, &self.refused, &Entries, &self.batch.entries, again).await;
        self.batch.entries.drain(..written.settled);
        self.dropped.fetch_add(written.refused, Ordering::Relaxed);
        written.error
    }

    /// Writes a gap with the number of dropped rows.
    async fn write_mark(&mut self, all: bool) -> Option<StoreError> {
        let (dropped, now) = (self.dropped.load(Ordering::Relaxed), self.clock.now());
        let is_due = self.marked_at.is_none_or(|at| now.since(at) >= MARK_EVERY);
        if dropped <= self.marked || !(all || is_due) {
            return None;
        }
        let gap = (hex::encode(self.rng.bytes::<16>()), now, dropped - self.marked);
        let written = batches::write(&self.store, &self.refused, &Gaps, &[gap], false).await;
        if written.settled > 0 {
            self.marked = dropped;
            self.marked_at = Some(now);
        }
        written.error
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
