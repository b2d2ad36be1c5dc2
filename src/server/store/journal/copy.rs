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

/// Lines that are read at a time, and bytes after which no further one is.
const STEP: usize = 256;
const BYTES: u64 = 1024 * 1024;
/// The pause after each update: several changes are copied at once.
const PAUSE: Duration = Duration::from_millis(200);
/// How often it is looked whether there is something to copy, and tried again what failed.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// How long an update may take before it is logged.
const LATE: Duration = Duration::from_secs(30);
/// How much larger than twice the journal it may be, which was compacted meanwhile.
const LARGER: u64 = 4 * 1024 * 1024;

/// The copy of a journal.
pub(super) struct JournalCopy {
    path: PathBuf,
    condition: Condition,
    done: Mutex<Option<Done>>,
}

/// How far the copy follows.
#[derive(Clone)]
struct Done {
    /// What was known of the journal.
    journal: Known,
    /// What is known of the copy then.
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

/// Starts to follow the journal, where a copy is wanted.
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
        // Also when the last value is gone with the store.
        let _ = timeout(LOOK_EVERY, progress.changed()).await;
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

    /// Brings the copy to where the journal is.
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

/// Keeps a copy of an earlier journal. It may hold changes that this database lacks.
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

/// Copies the first `end` bytes of a journal, which are whole lines.
pub(super) fn lines_of(from: &File, end: u64, mut to: &File) -> io::Result<()> {
    let copied = io::copy(&mut from.take(end), &mut to)?;
    if copied < end {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(())
}

/// The next entries of a journal up to the offset `end`, as they are: number and JSON, those after the change `after`.
/// Nothing at the end. Fails where a line is not whole, or the file has become shorter.
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
