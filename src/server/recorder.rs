//! Records the uses of keys in batches, outside the request path: no request waits for it or fails because of it. A
//! full queue drops, counts, and leaves a mark in the log (docs/security.md, S78).

pub mod batches;
pub mod folds;
mod rows;
pub mod write_behind;
mod writer;

use super::{
    runtime::{clock::Clock, rng::Rng, tasks::Tasks},
    secret::key_hash::KeyHash,
    store::Store,
};
use crate::domain::{
    ids::KeyId,
    request_log::{KeyUse, LogEntry},
    time::Timestamp,
};
use batches::Refused;
use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::{
    sync::{mpsc, oneshot},
    time::timeout,
};
use write_behind::WriteBehind;
use writer::Writer;

/// Capacity of the queue, and of the batch.
const QUEUE: usize = 10_000;
/// How long a flush waits for an unavailable database. Together with the requests in flight before it, a stop
/// takes less than 15 seconds (docs/security.md, S80).
const PATIENCE: Duration = Duration::from_secs(4);
/// Maximum number of keys whose last written use is remembered.
const MOST_USED: usize = 200_000;

enum Message {
    /// A row for the request log, and its effect on the key's usage.
    Request(Box<LogEntry>, KeyUse),
    /// Rehash of a key: from the first hash, under an older pepper, to the second.
    Rekey(KeyId, KeyHash, KeyHash),
}

/// Sender of the queue; cheap to clone.
#[derive(Clone)]
pub struct Recorder {
    queue: mpsc::Sender<Message>,
    flushes: mpsc::Sender<oneshot::Sender<bool>>,
    dropped: Arc<AtomicU64>,
    unqueued: Arc<Mutex<HashMap<KeyId, Timestamp>>>,
    refused: Refused,
}

impl Recorder {
    /// Starts the writer as a supervised task. Queued entries survive its restart.
    #[must_use]
    pub fn start(
        tasks: &Tasks,
        store: Store,
        clock: Arc<dyn Clock>,
        rng: Arc<dyn Rng>,
        write_behind: Arc<WriteBehind>,
    ) -> Self {
        let (queue, messages) = mpsc::channel(QUEUE);
        let (flushes, flush_requests) = mpsc::channel(1);
        let dropped = Arc::<AtomicU64>::default();
        let unqueued = Arc::<Mutex<HashMap<KeyId, Timestamp>>>::default();
        let refused = Refused::default();
        let writer = Writer {
            store,
            clock,
            rng,
            write_behind,
            messages,
            dropped: Arc::clone(&dropped),
            unqueued: Arc::clone(&unqueued),
            marked: 0,
            marked_at: None,
            seen: 0,
            failed: false,
            batch: writer::Batch::default(),
            uses_written: HashMap::new(),
            flush_requests,
            refused: refused.clone(),
        };
        let writer = Arc::new(tokio::sync::Mutex::new(writer));
        tasks.watch("request log", move || {
            let writer = Arc::clone(&writer);
            async move { writer.lock().await.run().await }
        });
        Self {
            queue,
            flushes,
            dropped,
            unqueued,
            refused,
        }
    }

    /// Rows that the database has refused since the start, by kind.
    #[must_use]
    pub const fn refused(&self) -> &Refused {
        &self.refused
    }

    /// Reserves a slot of the queue for a request log row. `None` if the queue is full; the row then counts
    /// as dropped.
    #[must_use]
    pub fn reserve(&self) -> Option<Slot<'_>> {
        let slot = self.queue.try_reserve().ok();
        if slot.is_none() {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
        slot.map(Slot)
    }

    /// Records the last use of a key when the queue is full, so that a secret in use is not taken for an
    /// unused one (docs/security.md, S35).
    pub fn used(&self, key: KeyId, at: Timestamp) {
        let mut unqueued = lock(&self.unqueued);
        if unqueued.len() < MOST_USED || unqueued.contains_key(&key) {
            unqueued.insert(key, at);
        }
    }

    /// Queues the rehash of a key. If it is dropped, the next use queues it again.
    pub fn rekey(&self, key: KeyId, from: KeyHash, to: KeyHash) {
        let _ = self.queue.try_send(Message::Rekey(key, from, to));
    }

    /// Entries that wait in the queue.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.queue.max_capacity() - self.queue.capacity()
    }

    /// Requests whose rows were dropped: the queue was full, or the database refused them.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }

    /// Completes when the writer task has ended and dropped the store. It ends when every clone of the
    /// recorder is dropped; the returned future holds none.
    pub fn ended(&self) -> impl Future<Output = ()> + Send + use<> {
        // The task owns the receiver of the queue; it runs as long as there are senders of `flushes`.
        let queue = self.queue.clone();
        async move { queue.closed().await }
    }

    /// Waits until everything queued before has been written, or until the time limit; returns whether it was written.
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

/// Ignores poisoning: the value is valid after a panic of another holder.
fn lock<T>(what: &Mutex<T>) -> MutexGuard<'_, T> {
    what.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A reserved slot of the queue.
pub struct Slot<'q>(mpsc::Permit<'q, Message>);

impl Slot<'_> {
    /// Queues a row.
    pub fn record(self, entry: LogEntry, key_use: KeyUse) {
        self.0.send(Message::Request(Box::new(entry), key_use));
    }
}
