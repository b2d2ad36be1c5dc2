//! Compares database, journal and copy before the first change. A database file that was restored to an
//! earlier state has a lower change number than the journal.

use super::{
    RANDOM_ID, aside, copy,
    file::{Known, Lines, Locked, Trouble, read_state},
    line::{self, Entry, FORMAT, Header},
    replay::{self, Replayed},
};
use crate::{
    domain::time::Timestamp,
    server::{
        runtime::files,
        store::{ConnectError, engine::sqlite_file::beside, journal::outbox},
    },
};
use sqlx::SqliteConnection;
use std::{
    fs, io,
    path::{Path, PathBuf},
    time::Duration,
};
use tokio::time::timeout;

/// Time limit for reading the copy, which may be on another machine.
const COPY: Duration = Duration::from_secs(5);
/// Number of keys, memberships and people after which a replay transaction is committed.
const STEP: usize = 300;

const STATE: &str = "SELECT j.database_id, j.begun_after, c.epoch FROM journal j JOIN key_changes c ON c.id = 1 WHERE j.id = 1";
const EPOCH: &str = "SELECT epoch FROM key_changes WHERE id = 1";
const BEGUN: &str = "UPDATE journal SET begun_after = $1 WHERE id = 1 AND begun_after IS NOT $1";

/// Result of the comparison.
pub(super) struct Opened {
    /// The id of the database.
    pub(super) database: String,
    /// State of the journal, or why it cannot be used, which does not prevent the start.
    pub(super) journal: Result<Known, Trouble>,
}

/// A journal, and its copy if that can be read.
struct Found<'p> {
    path: &'p Path,
    database: String,
    copy: Option<(PathBuf, Known)>,
}

fn unfit<T>(sentence: String) -> Result<T, ConnectError> {
    Err(ConnectError::Unfit(sentence))
}

/// Opens the journal of the database of `conn`, and replays what the database lacks.
pub(super) async fn open(
    conn: &mut SqliteConnection,
    path: &Path,
    copy: Option<&Path>,
) -> Result<Opened, ConnectError> {
    let (database, begun, epoch): (String, Option<i64>, i64) =
        sqlx::query_as(STATE).fetch_one(&mut *conn).await?;
    let found = Found {
        path,
        copy: read_copy(copy, &database).await,
        database,
    };
    let mut locked = match found.open(conn, begun, epoch).await? {
        Ok(locked) => locked,
        Err(trouble) => {
            return Ok(Opened {
                database: found.database,
                journal: Err(trouble),
            });
        }
    };
    if let Err(error) = found.take_from_copy(&mut locked) {
        tracing::warn!(
            "the lines that only the copy of the journal has could not be added to {}: {error}",
            path.display()
        );
    }
    let last = locked.known.last;
    let (epoch, has_all) = outbox::has_all_after(conn, last).await?;
    if !has_all {
        tracing::warn!(
            "the journal {} lacks some of the changes {} to {epoch}: it was replaced by an older file. If an older \
             database file is put back too, keys, members and passwords that ended with these changes are valid again",
            path.display(),
            last + 1
        );
    }
    replay_missing(conn, path, &locked).await?;
    let known = locked.known.clone();
    // The journal's lock is released before the database is written: a command may wait for it with an open
    // transaction.
    drop(locked);
    sqlx::query(BEGUN)
        .bind(known.header.begun_after)
        .execute(conn)
        .await?;
    Ok(Opened {
        database: found.database,
        journal: Ok(known),
    })
}

/// State of the copy, if it belongs to this database and can be read in time.
async fn read_copy(copy: Option<&Path>, database: &str) -> Option<(PathBuf, Known)> {
    let (path, database) = (copy?.to_owned(), database.to_owned());
    let read = {
        let path = path.clone();
        aside::run(move || read_state(&files::open(&path)?, &database, None))
    };
    let trouble = match timeout(COPY, read).await {
        Ok(Ok(Ok(known))) => return Some((path, known)),
        Ok(Ok(Err(Trouble::Missing))) => return None,
        Ok(Ok(Err(Trouble::Io(error)))) if error.kind() == io::ErrorKind::NotFound => return None,
        Ok(Ok(Err(trouble))) => trouble.to_string(),
        Ok(Err(error)) => error.to_string(),
        Err(_) => format!("it could not be read within {} seconds", COPY.as_secs()),
    };
    tracing::warn!(
        "the copy of the journal {} is not used: {trouble}",
        path.display()
    );
    None
}

impl Found<'_> {
    /// Opens the journal, or starts one if it does not exist.
    async fn open(
        &self,
        conn: &mut SqliteConnection,
        begun: Option<i64>,
        epoch: i64,
    ) -> Result<Result<Locked, Trouble>, ConnectError> {
        let shown = self.path.display();
        match Locked::open(self.path, &self.database, None) {
            Ok(locked) => return Ok(Ok(locked)),
            Err(Trouble::Missing) => {}
            Err(Trouble::Damaged { line, last }) if last <= epoch => {
                let aside = beside(self.path, ".damaged");
                fs::rename(self.path, &aside).map_err(|source| self.failed(source))?;
                tracing::warn!(
                    "line {line} of the journal {shown} is damaged: the file is kept as {}. The database has all \
                     changes",
                    aside.display()
                );
            }
            Err(Trouble::Damaged { line, .. }) => {
                return unfit(format!(
                    "the database file is older than the journal {shown}, whose line {line} is damaged: put a copy of the \
                     journal in its place, or move it away; without it, what was revoked, removed or changed since \
                     then is valid again"
                ));
            }
            Err(Trouble::Foreign) => {
                return unfit(format!(
                    "{shown} is the journal of another database: move it away, or put its own database here"
                ));
            }
            Err(Trouble::Later) => {
                return unfit(format!(
                    "{shown} was written by a later release of this program: start that release"
                ));
            }
            Err(Trouble::Io(source)) => {
                // Anything but a file holds no changes. A file that cannot be read may hold changes that this
                // database lacks.
                if fs::symlink_metadata(self.path).is_ok_and(|found| found.is_file()) {
                    return Err(self.failed(source));
                }
                return Ok(Err(source.into()));
            }
        }
        if let Some((copy, known)) = &self.copy {
            match self.restore(copy, known) {
                Ok(locked) => {
                    tracing::warn!(
                        "the journal {shown} was missing: it was restored from its copy {}",
                        copy.display()
                    );
                    return Ok(Ok(locked));
                }
                Err(trouble) => tracing::warn!(
                    "the journal {shown} is missing, and could not be restored from its copy {}: {trouble}",
                    copy.display()
                ),
            }
        } else if begun.is_some() {
            tracing::warn!(
                "the journal {shown} is missing, and a new one begins. If the database was put back to an earlier \
                 state, keys that were revoked since then work again, removed members are back, and old passwords are \
                 valid: read the activity, and revoke keys that may be compromised (babysea key revoke)"
            );
        }
        let header = Header {
            babysea_journal: FORMAT,
            database: self.database.clone(),
            journal: sqlx::query_scalar(RANDOM_ID).fetch_one(&mut *conn).await?,
            begun_after: outbox::begins_after(conn).await?,
        };
        Ok(Locked::begin(self.path, header))
    }

    fn failed(&self, source: io::Error) -> ConnectError {
        ConnectError::Files {
            path: self.path.to_owned(),
            source,
        }
    }

    fn restore(&self, copy: &Path, known: &Known) -> Result<Locked, Trouble> {
        let next = files::make_next(self.path)?;
        copy::lines_of(&files::open(copy)?, known.end, next.as_file())?;
        files::put_in_place(next, self.path)?;
        Locked::open(self.path, &self.database, None)
    }

    /// Appends entries that only the copy has: the journal was restored to an earlier state too.
    fn take_from_copy(&self, locked: &mut Locked) -> Result<(), Trouble> {
        let Some((path, known)) = &self.copy else {
            return Ok(());
        };
        if known.header.journal != locked.known.header.journal || known.last <= locked.known.last {
            return Ok(());
        }
        let before = locked.known.last;
        let mut lines = Lines::from(&files::open(path)?, 0)?;
        while let Some(next) = copy::next_lines(&mut lines, before, known.end)? {
            locked.append(&next)?;
        }
        tracing::warn!(
            "the copy {} had changes that the journal {} lacked: they were added, from change {} to {}",
            path.display(),
            self.path.display(),
            before + 1,
            locked.known.last
        );
        Ok(())
    }
}

/// Replays changes that the journal has and the database lacks. The journal is read before the database's change
/// number, because commands may commit in between.
async fn replay_missing(
    conn: &mut SqliteConnection,
    path: &Path,
    locked: &Locked,
) -> Result<(), ConnectError> {
    let known = &locked.known;
    let epoch: i64 = sqlx::query_scalar(EPOCH).fetch_one(&mut *conn).await?;
    if known.last <= epoch {
        return Ok(());
    }
    let mut replayed = Replayed::default();
    replay::end_sessions(conn, &mut replayed).await?;
    let failed = |source| ConnectError::Files {
        path: path.to_owned(),
        source,
    };
    let mut lines = Lines::from(locked.file(), 0).map_err(failed)?;
    loop {
        let entries = next_entries(&mut lines, epoch).map_err(failed)?;
        if entries.is_empty() {
            break;
        }
        replay::step(conn, &entries, &mut replayed).await?;
    }
    replay::set_counter(conn, known.last).await?;
    let since = replayed.since.map_or_else(String::new, |at| {
        format!(", from {} on,", Timestamp::from_millis(at).iso())
    });
    tracing::warn!(
        "the database file is older than its journal {}: its last change is {epoch}, the journal's is {}. Later \
         changes{since} were applied again: {} of keys, {} of members, {} of passwords. All {} sessions were ended",
        path.display(),
        known.last,
        replayed.keys,
        replayed.members,
        replayed.people,
        replayed.sessions
    );
    if known.header.begun_after > epoch {
        tracing::warn!(
            "the journal begins only after change {}: what was revoked, removed or changed between that and change \
             {epoch} is not known, and may be valid again",
            known.header.begun_after
        );
    }
    Ok(())
}

/// The next entries after the change `after`; empty at the end.
fn next_entries(lines: &mut Lines, after: i64) -> io::Result<Vec<Entry>> {
    let (mut entries, mut parts) = (Vec::new(), 0);
    while parts < STEP {
        let Some(Ok(json)) = lines.next()? else { break };
        if line::number(json).is_none_or(|number| number <= after) {
            continue;
        }
        let entry: Entry = serde_json::from_str(json)?;
        parts += 1 + entry.keys.len() + entry.members.len() + entry.people.len();
        entries.push(entry);
    }
    Ok(entries)
}
