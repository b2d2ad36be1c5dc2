//! The journal of an SQLite file: every ending of a key, a membership or a password, and every change that
//! undoes one (docs/security.md, S83; docs/decisions/0009). If the database file is restored to an earlier
//! state, the endings since then are replayed from the journal.
//!
//! A change writes its entry into the outbox, in its transaction. After the commit and before the response,
//! the entry is appended to the journal and flushed, together with those of other changes. A server has one
//! task for this; a command does it itself. The appending process locks the file and copies rows of the
//! outbox in order, so the journal has no gap: it can only lack the newest changes, which are still in the
//! outbox.

mod aside;
mod compaction;
mod copy;
mod file;
mod line;
mod opening;
pub(super) mod outbox;
mod replay;
#[cfg(test)]
mod tests;

use super::{
    ConnectError, Store, StoreError,
    engine::{invalidation::Role, pools::Pools, sqlite_file::beside},
};
use crate::server::runtime::tasks::{End, Tasks};
use copy::JournalCopy;
use file::{Known, Locked, Trouble};
use line::Header;
use sqlx::{SqliteConnection, SqlitePool};
use std::{
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};
use tokio::{
    sync::{Notify, OnceCell, watch},
    time::timeout,
};

/// How long a response waits for the journal. The change is valid then, and is written to the journal later.
const PATIENCE: Duration = Duration::from_secs(1);
/// How often the server polls for entries without a notification, and retries failed writes.
const POLL_EVERY: Duration = Duration::from_secs(1);
const RANDOM_ID: &str = "SELECT LOWER(HEX(RANDOMBLOB(16)))";

/// Progress of the journal.
#[derive(Clone, Copy, Debug, Default)]
struct Progress {
    /// Number of the last change in it.
    written: i64,
    /// Number of the last change that could not be written.
    failed: i64,
}

/// Whether writes succeed, and how many failed.
#[derive(Debug, Default)]
struct Condition {
    failures: AtomicU64,
    /// The current error, for the log.
    trouble: Mutex<Option<String>>,
}

/// The metrics of the journal.
#[derive(Clone, Copy, Debug, Default)]
pub struct JournalGauges {
    /// Its size in bytes.
    pub bytes: u64,
    /// Flushes since the start; simultaneous changes share a flush.
    pub flushes: u64,
    /// Failed writes since the start.
    pub failures: u64,
    /// Failed writes of its copy since the start.
    pub copy_failures: u64,
}

/// The journal beside an SQLite file.
pub struct Journal {
    path: PathBuf,
    /// Id of the database, once the journal was compared with it.
    database: OnceCell<String>,
    known: Mutex<Option<Known>>,
    progress: watch::Sender<Progress>,
    wake: Arc<Notify>,
    /// The pool through which the server reads the outbox.
    reads: OnceLock<SqlitePool>,
    flushes: AtomicU64,
    condition: Condition,
    copy: Option<JournalCopy>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Condition {
    /// Sets the state. Logs one line for each change between success and failure.
    fn set(&self, what: &str, path: &Path, trouble: Option<String>) {
        if trouble.is_some() {
            self.failures.fetch_add(1, Relaxed);
        }
        let mut now = lock(&self.trouble);
        if *now == trouble {
            return;
        }
        let shown = path.display();
        if let Some(trouble) = &trouble {
            tracing::warn!(
                "{what} {shown} cannot be written: {trouble}. Changes are still accepted and will be written to it \
                 later; until then they are lost if an older database file is put back"
            );
        } else {
            tracing::info!("{what} {shown} is written again");
        }
        *now = trouble;
    }

    fn is_well(&self) -> bool {
        lock(&self.trouble).is_none()
    }
}

impl Journal {
    /// The journal of the database file `database`, with a copy in the folder `copies`.
    pub(super) fn beside(database: &Path, copies: Option<&Path>) -> Self {
        let path = beside(database, ".endings");
        let name = path.file_name().unwrap_or_default();
        Self {
            copy: copies.map(|folder| JournalCopy::new(folder.join(name))),
            path,
            database: OnceCell::new(),
            known: Mutex::default(),
            progress: watch::Sender::default(),
            wake: Arc::default(),
            reads: OnceLock::new(),
            flushes: AtomicU64::new(0),
            condition: Condition::default(),
        }
    }

    /// Compares the journal with the database before the first change, and replays what a restored database
    /// file lacks. Once in a process.
    ///
    /// # Errors
    /// A sentence for the server operator, if the journal cannot be that of this database.
    pub(super) async fn open(&self, conn: &mut SqliteConnection) -> Result<(), ConnectError> {
        let opened = self.database.get_or_try_init(move || async move {
            let copy = self.copy.as_ref().map(JournalCopy::path);
            let opened = opening::open(conn, &self.path, copy).await?;
            match opened.journal {
                Ok(known) => {
                    let progress = |progress: &mut Progress| progress.written = known.last;
                    self.progress.send_modify(progress);
                    *lock(&self.known) = Some(known);
                }
                Err(trouble) => self.condition.set(WHAT, &self.path, Some(trouble.to_string())),
            }
            Ok(opened.database)
        });
        opened.await.map(drop)
    }

    /// Closes the pool that reads the outbox, which ends the tasks.
    pub(super) async fn close(&self) {
        if let Some(reads) = self.reads.get() {
            reads.close().await;
        }
    }

    /// Number of the last change in the journal.
    pub(super) fn written(&self) -> i64 {
        self.progress.borrow().written
    }

    fn database(&self) -> &str {
        self.database.get().map_or("", String::as_str)
    }

    /// The known state of the file.
    fn known(&self) -> Option<Known> {
        lock(&self.known).clone()
    }

    /// Waits until the committed change `number` is in the journal, for at most a second.
    async fn wait_for(&self, number: i64) {
        let mut progress = self.progress.subscribe();
        self.wake.notify_one();
        let done = progress.wait_for(|progress| progress.written >= number || progress.failed >= number);
        if timeout(PATIENCE, done).await.is_err() {
            self.is_late();
        }
    }

    fn is_written(&self, last: i64) {
        self.progress.send_if_modified(|progress| {
            let is_news = progress.written != last;
            progress.written = last;
            is_news
        });
    }

    fn is_late(&self) {
        let trouble = "it takes more than a second".to_owned();
        self.condition.set(WHAT, &self.path, Some(trouble));
    }

    /// Appends a batch from the outbox to the journal and flushes it; returns whether there may be more.
    async fn flush(self: &Arc<Self>, pool: &SqlitePool) -> Result<bool, StoreError> {
        let outbox::Rows {
            entries,
            last,
            newest,
            may_be_more,
        } = {
            let mut conn = pool.acquire().await?;
            outbox::after(&mut conn, self.written()).await?
        };
        if entries.is_empty() {
            self.is_written(last);
            return Ok(false);
        }
        let rows = Arc::new(entries);
        let mut done = self.append(&rows).await;
        if matches!(done, Err(Trouble::Missing)) {
            tracing::warn!(
                "the journal {} is gone, and a new one begins: if an older database file is put back, what was \
                 revoked, removed or changed before is valid again",
                self.path.display()
            );
            let header = Header {
                babysea_journal: line::FORMAT,
                database: self.database().to_owned(),
                journal: sqlx::query_scalar(RANDOM_ID).fetch_one(pool).await?,
                begun_after: self.written(),
            };
            let path = self.path.clone();
            done = match aside::run(move || Locked::begin(&path, header).map(drop)).await {
                Ok(Ok(())) => self.append(&rows).await,
                Ok(Err(trouble)) => Err(trouble),
                Err(error) => Err(error.into()),
            };
        }
        match done {
            Ok(()) => {
                self.condition.set(WHAT, &self.path, None);
                self.flushes.fetch_add(1, Relaxed);
                self.is_written(last);
                Ok(may_be_more)
            }
            Err(trouble) => {
                self.condition.set(WHAT, &self.path, Some(trouble.to_string()));
                // For all rows of the outbox, also those that were not read yet: their changes must not wait
                // behind so many rows.
                self.progress.send_modify(|progress| progress.failed = newest);
                Ok(false)
            }
        }
    }

    /// Appends all rows of the outbox that the journal lacks.
    async fn flush_all(self: &Arc<Self>, pool: &SqlitePool) -> Result<(), StoreError> {
        while self.flush(pool).await? {}
        Ok(())
    }

    async fn append(self: &Arc<Self>, rows: &Arc<Vec<(i64, String)>>) -> Result<(), Trouble> {
        let (journal, rows) = (Arc::clone(self), Arc::clone(rows));
        let done = aside::run(move || {
            let mut locked = Locked::open(&journal.path, journal.database(), journal.known())?;
            let done = locked.append(&rows);
            *lock(&journal.known) = Some(locked.known);
            done
        });
        done.await?
    }
}

/// Its name in log lines.
const WHAT: &str = "the journal";

/// Starts the server's tasks for the journal.
pub(super) fn start(tasks: &Tasks, journal: &Arc<Journal>, read: &SqlitePool) {
    let _ = journal.reads.set(read.clone());
    let (weak, wake, pool) = (Arc::downgrade(journal), Arc::clone(&journal.wake), read.clone());
    tasks.watch("journal", move || {
        let flushing = keep_flushing(weak.clone(), Arc::clone(&wake), pool.clone());
        async {
            flushing.await;
            End::Done
        }
    });
    compaction::start(tasks, journal, read);
    copy::start(tasks, journal, read);
}

/// Appends as long as the store is in use. Changes that arrive during a flush are the next batch.
async fn keep_flushing(journal: Weak<Journal>, wake: Arc<Notify>, read: SqlitePool) {
    while let Some(journal) = Weak::upgrade(&journal) {
        if read.is_closed() {
            return;
        }
        match journal.flush(&read).await {
            Ok(true) => continue,
            Ok(false) => {}
            Err(error) => {
                tracing::debug!(
                    error = &error as &dyn std::error::Error,
                    "the outbox cannot be read"
                );
            }
        }
        drop(journal);
        let _ = timeout(POLL_EVERY, wake.notified()).await;
    }
}

impl Store {
    /// Waits until a change that was committed here is in the journal, for at most a second.
    pub(super) async fn journalled(&self, number: i64) {
        match (&self.journal, &self.pools, self.changes.role) {
            (Some(journal), Pools::Sqlite { write, .. }, Role::Command) => {
                match timeout(PATIENCE, journal.flush_all(write)).await {
                    Ok(Ok(())) => {}
                    Ok(Err(error)) => {
                        tracing::debug!(
                            error = &error as &dyn std::error::Error,
                            "the outbox cannot be read"
                        );
                    }
                    Err(_) => journal.is_late(),
                }
            }
            (Some(journal), ..) => journal.wait_for(number).await,
            (None, ..) => {}
        }
    }

    /// For a command: compares the journal with the database before its first change.
    pub(super) async fn open_journal(&self) -> Result<(), StoreError> {
        if let (Some(journal), Pools::Sqlite { write, .. }, Role::Command) =
            (&self.journal, &self.pools, self.changes.role)
            && !journal.database.initialized()
        {
            let mut conn = write.acquire().await?;
            let opened = journal.open(&mut conn).await;
            opened.map_err(|error| match error {
                ConnectError::Store(error) => error,
                error => StoreError::Unfit(error.to_string()),
            })?;
        }
        Ok(())
    }

    /// The metrics of the journal; zeros on PostgreSQL, which has none.
    #[must_use]
    pub fn journal_gauges(&self) -> JournalGauges {
        self.journal
            .as_ref()
            .map_or_else(JournalGauges::default, |journal| JournalGauges {
                bytes: journal.known().map_or(0, |known| known.end),
                flushes: journal.flushes.load(Relaxed),
                failures: journal.condition.failures.load(Relaxed),
                copy_failures: journal.copy.as_ref().map_or(0, JournalCopy::failures),
            })
    }

    /// Which of the journal and its copy cannot be written, as a word for `/readyz`.
    #[must_use]
    pub fn journal_trouble(&self) -> Option<&'static str> {
        let journal = self.journal.as_ref()?;
        let copy_is_well = journal.copy.as_ref().is_none_or(JournalCopy::is_well);
        match (journal.condition.is_well(), copy_is_well) {
            (false, _) => Some("the journal cannot be written"),
            (true, false) => Some("the copy of the journal cannot be written"),
            (true, true) => None,
        }
    }
}
