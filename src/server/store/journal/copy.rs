//! The copy of the journal in `BACKUP_DIR`, which may be another disk or another machine. It follows the journal within
//! seconds; no response waits for it.

use super::{
    Condition, Journal, aside,
    file::{Known, Lines, Locked, Trouble},
    line,
};
use crate::server::{
    runtime::{
        files,
        tasks::{End, Tasks},
    },
    store::engine::sqlite_file::beside,
};
use sqlx::SqlitePool;
use std::{
    fs::{self, File},
    io::{self, Read as _},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, Weak, atomic::Ordering::Relaxed},
    time::Duration,
};
use tokio::time::{sleep, timeout};

/// Lines that are read at a time, and bytes after which a batch ends.
const STEP: usize = 256;
const BYTES: u64 = 1024 * 1024;
/// Pause after each update, so that several changes are copied at once.
const PAUSE: Duration = Duration::from_millis(200);
/// Interval at which the copy is checked and failed updates are retried.
const CHECK_EVERY: Duration = Duration::from_secs(5);
/// Duration of an update after which it is logged.
const LATE: Duration = Duration::from_secs(30);
/// The copy is rewritten once it is larger than twice the journal, which was compacted, plus this many bytes.
const LARGER: u64 = 4 * 1024 * 1024;

/// The copy of a journal.
pub(super) struct JournalCopy {
    path: PathBuf,
    condition: Condition,
    done: Mutex<Option<Done>>,
}

/// State of the copy.
#[derive(Clone)]
struct Done {
    /// State of the journal at the last update.
    journal: Known,
    /// State of the copy after it.
    copy: Known,
}

impl JournalCopy {
    pub(super) fn new(path: PathBuf) -> Self {
        Self {
            path,
            condition: Condition::default(),
            done: Mutex::default(),
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn failures(&self) -> u64 {
        self.condition.failures.load(Relaxed)
    }

    pub(super) fn is_well(&self) -> bool {
        self.condition.is_well()
    }

    fn set(&self, trouble: Option<String>) {
        self.condition.set("the copy of the journal", &self.path, trouble);
    }
}

/// Starts the task that updates the copy, if one is configured.
pub(super) fn start(tasks: &Tasks, journal: &Arc<Journal>, read: &SqlitePool) {
    if journal.copy.is_none() {
        return;
    }
    let (weak, pool) = (Arc::downgrade(journal), read.clone());
    tasks.watch("journal_copy", move || {
        let copying = keep_copying(weak.clone(), pool.clone());
        async {
            copying.await;
            End::Done
        }
    });
}

async fn keep_copying(weak: Weak<Journal>, read: SqlitePool) {
    loop {
        let Some(journal) = Weak::upgrade(&weak) else {
            return;
        };
        let mut progress = journal.progress.subscribe();
        progress.borrow_and_update();
        if read.is_closed() {
            return;
        }
        journal.follow().await;
        drop(journal);
        sleep(PAUSE).await;
        // Also returns when the sender is dropped with the store.
        let _ = timeout(CHECK_EVERY, progress.changed()).await;
    }
}

impl Journal {
    async fn follow(self: &Arc<Self>) {
        let (Some(copy), Some(known)) = (&self.copy, self.known()) else {
            return;
        };
        let (journal, late) = (
            Arc::clone(self),
            format!("it takes more than {} seconds", LATE.as_secs()),
        );
        let mut update = std::pin::pin!(aside::run(move || journal.update(known)));
        let done = if let Ok(done) = timeout(LATE, update.as_mut()).await {
            done
        } else {
            copy.set(Some(late));
            update.await
        };
        copy.set(match done {
            Ok(Ok(())) => None,
            Ok(Err(trouble)) => Some(trouble.to_string()),
            Err(error) => Some(error.to_string()),
        });
    }

    /// Updates the copy to the state of the journal.
    fn update(&self, journal: Known) -> Result<(), Trouble> {
        let Some(copy) = &self.copy else { return Ok(()) };
        let before = super::lock(&copy.done).take();
        let from = match &before {
            Some(done) if done.journal.is_of(&journal) => done.journal.end,
            _ => 0,
        };
        let open = || {
            Locked::open(
                &copy.path,
                self.database(),
                before.as_ref().map(|done| done.copy.clone()),
            )
        };
        let known = match open() {
            Err(Trouble::Missing) => self.copy_all(&journal, copy)?,
            Err(Trouble::Damaged { .. }) => {
                fs::rename(&copy.path, beside(&copy.path, ".damaged"))?;
                self.copy_all(&journal, copy)?
            }
            Err(trouble) => return Err(trouble),
            Ok(locked) if locked.known.header.journal != journal.header.journal => {
                set_aside(&copy.path)?;
                self.copy_all(&journal, copy)?
            }
            Ok(locked) if locked.known.last > journal.last => {
                let sentence = "it has changes that the database does not know: restart the server";
                return Err(io::Error::other(sentence).into());
            }
            Ok(locked) if locked.known.end > journal.end * 2 + LARGER => self.copy_all(&journal, copy)?,
            Ok(mut locked) => {
                let mut lines = Lines::from(&files::open(&self.path)?, from)?;
                let last = locked.known.last;
                while let Some(next) = next_lines(&mut lines, last, journal.end)? {
                    locked.append(&next)?;
                }
                locked.known
            }
        };
        *super::lock(&copy.done) = Some(Done { journal, copy: known });
        Ok(())
    }

    /// Recreates the copy.
    fn copy_all(&self, journal: &Known, copy: &JournalCopy) -> Result<Known, Trouble> {
        let next = files::make_next(&copy.path)?;
        lines_of(&files::open(&self.path)?, journal.end, next.as_file())?;
        files::put_in_place(next, &copy.path)?;
        Ok(Locked::open(&copy.path, self.database(), None)?.known)
    }
}

/// Renames a copy of an earlier journal, which may have changes that this database lacks.
fn set_aside(path: &Path) -> io::Result<()> {
    let old = beside(path, ".old");
    if old.try_exists()? {
        let sentence = format!(
            "it is of an earlier journal of this database, and so is {}: move one of them away",
            old.display()
        );
        return Err(io::Error::other(sentence));
    }
    tracing::warn!(
        "the copy {} is of an earlier journal of this database, and is kept as {}",
        path.display(),
        old.display()
    );
    fs::rename(path, old)
}

/// Copies the first `end` bytes of a journal, which are complete lines.
pub(super) fn lines_of(from: &File, end: u64, mut to: &File) -> io::Result<()> {
    let copied = io::copy(&mut from.take(end), &mut to)?;
    if copied < end {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(())
}

/// The next entries of a journal up to the offset `end`, as number and unparsed JSON; those after the change
/// `after`. Empty at the end. Fails if a line is incomplete, or the file has become shorter.
pub(super) fn next_lines(lines: &mut Lines, after: i64, end: u64) -> io::Result<Option<Vec<(i64, String)>>> {
    let mut next = Vec::new();
    let begin = lines.end;
    if begin >= end {
        return Ok(None);
    }
    while next.len() < STEP && lines.end < end && lines.end - begin < BYTES {
        match lines.next()? {
            None => return Err(io::ErrorKind::UnexpectedEof.into()),
            Some(Err(())) => return Err(io::ErrorKind::InvalidData.into()),
            Some(Ok(json)) => {
                if let Some(number) = line::number(json).filter(|number| *number > after) {
                    next.push((number, json.to_owned()));
                }
            }
        }
    }
    Ok(Some(next))
}
