//! Notes when keys were last used, in batches and outside the request's path: a request never waits for it and never
//! fails by it. A full queue drops and counts (docs/security.md, S78).

use super::store::{Store, StoreError, Tables as _};
use crate::domain::{ids::KeyId, time::Timestamp};
use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::{
    sync::{mpsc, oneshot},
    time::{MissedTickBehavior, interval},
};

/// Uses that may wait to be written.
const QUEUE: usize = 10_000;
/// How often they are written.
const EVERY: Duration = Duration::from_millis(500);

enum Message {
    Used(KeyId, Timestamp),
    Flush(oneshot::Sender<()>),
}

/// The queue's entrance; cheap to clone.
#[derive(Clone)]
pub struct Recorder {
    queue: mpsc::Sender<Message>,
    dropped: Arc<AtomicU64>,
}

impl Recorder {
    /// Starts the task that writes.
    #[must_use]
    pub fn start(store: Store) -> Self {
        let (queue, messages) = mpsc::channel(QUEUE);
        tokio::spawn(write_batches(store, messages));
        Self {
            queue,
            dropped: Arc::default(),
        }
    }

    /// Notes that a key was accepted at `at`.
    pub fn used(&self, key: KeyId, at: Timestamp) {
        if self.queue.try_send(Message::Used(key, at)).is_err() {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Uses that were dropped because the queue was full.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }

    /// Waits until everything noted before has been written or given up.
    pub async fn flush(&self) {
        let (done, written) = oneshot::channel();
        if self.queue.send(Message::Flush(done)).await.is_ok() {
            let _ = written.await;
        }
    }
}

async fn write_batches(store: Store, mut messages: mpsc::Receiver<Message>) {
    let mut ticks = interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    // A key used a thousand times in a batch is one row to write.
    let mut batch = HashMap::<KeyId, Timestamp>::new();
    loop {
        tokio::select! {
            message = messages.recv() => match message {
                Some(Message::Used(key, at)) => {
                    let latest = batch.entry(key).or_insert(at);
                    *latest = at.max(*latest);
                }
                Some(Message::Flush(done)) => {
                    write(&store, &mut batch).await;
                    let _ = done.send(());
                }
                None => return write(&store, &mut batch).await,
            },
            _ = ticks.tick() => write(&store, &mut batch).await,
        }
    }
}

/// Writes the batch and empties it; a batch that the database refuses stays for the next time.
async fn write(store: &Store, batch: &mut HashMap<KeyId, Timestamp>) {
    if batch.is_empty() {
        return;
    }
    match try_write(store, batch).await {
        Ok(()) => batch.clear(),
        Err(error) => {
            tracing::warn!(error = %error, keys = batch.len(), "last uses could not be written yet");
        }
    }
}

async fn try_write(store: &Store, batch: &HashMap<KeyId, Timestamp>) -> Result<(), StoreError> {
    // In one order on every server: two that update the same rows must not wait for each other.
    let mut uses: Vec<_> = batch.iter().collect();
    uses.sort_unstable();
    let mut tx = store.write().await?;
    for (&key, &at) in uses {
        tx.keys().used(key, at).await?;
    }
    tx.commit().await
}
