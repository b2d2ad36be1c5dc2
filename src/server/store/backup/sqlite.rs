//! Copies of an SQLite file, made while a server and commands write to it.
//!
//! The copy is made by SQLite's backup interface within one read transaction, so it is the database as of one moment.
//! `VACUUM INTO` would do too, but it rebuilds every b-tree and takes several times as long. Until the transaction
//! ends, SQLite cannot reuse the write-ahead log, which grows with every change (docs/security.md, S85).

use super::super::{Conn, engine::driver_errors};
use super::{CopyError, Facts, Fault, LEFT_OUT, facts};
use crate::server::runtime::{
    files,
    quiet_thread::{self, Stopped},
};
use rusqlite::{
    Connection as File, OpenFlags,
    backup::{Backup, StepResult},
};
use sqlx::{Connection as _, SqliteConnection, sqlite::SqliteConnectOptions};
use std::{
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

/// Pages copied between two checks for cancellation: 8 MiB.
const PAGES: i32 = 2_048;
/// Steps between two flushes, so that the disk does not get all of the copy at the end: 64 MiB.
const FLUSH_EVERY: u32 = 8;
/// Number of retries of a step that found a lock, and the pause between two.
const TRIES: u32 = 100;
const PAUSE: Duration = Duration::from_millis(100);
/// Virtual instructions between two checks for cancellation.
const INSTRUCTIONS: i32 = 1_000_000;
/// Maximum number of problems that are reported.
const NAMED: usize = 5;

/// Copies the database file `from`, which others use, to the new file `to`, without the rows that mean nothing in
/// another database, and verifies the copy. `shown` is how errors name the copy.
///
/// # Errors
/// When either file fails, or the copy is damaged.
pub async fn copy_sqlite(from: PathBuf, to: PathBuf, shown: PathBuf) -> Result<(), CopyError> {
    let failed = CopyError::of_file(&shown, &std::io::ErrorKind::Other.into());
    let copied = quiet_thread::run(move |stopped| {
        let explained = |error: rusqlite::Error| sentence(&error, &shown, stopped);
        files::open_or_make(&to).map_err(|error| CopyError::of_file(&shown, &error))?;
        copy(&from, &to, stopped, &shown)?;
        trim(&to).map_err(explained)?;
        let found = integrity(&to, stopped).map_err(explained)?;
        match found.first() {
            None => Ok(()),
            Some(_) => Err(CopyError::Failed(format!(
                "the database {} is damaged: {}. Run babysea check, and restore an older backup",
                from.display(),
                found.join("; ")
            ))),
        }
    });
    copied.await.map_err(|_| failed)?
}

/// Verifies an SQLite file that no process changes; returns its faults.
///
/// # Errors
/// When it cannot be read at all.
pub async fn verify_sqlite(file: PathBuf) -> Result<Fault, CopyError> {
    let failed = CopyError::of_file(&file, &std::io::ErrorKind::Other.into());
    let verified = quiet_thread::run(move |stopped| {
        integrity(&file, stopped).map_err(|error| sentence(&error, &file, stopped))
    });
    verified.await.map_err(|_| failed)?
}

fn copy(from: &Path, to: &Path, stopped: &Stopped, shown: &Path) -> Result<(), CopyError> {
    let of_source = |error: rusqlite::Error| sentence(&error, from, stopped);
    let of_copy = |error: rusqlite::Error| sentence(&error, shown, stopped);
    let source = open(from).map_err(of_source)?;
    let mut copy = open(to).map_err(of_copy)?;
    // No journal: the copy is not read before it is complete and flushed.
    copy.pragma_update(None, "journal_mode", "OFF").map_err(of_copy)?;
    copy.pragma_update(None, "synchronous", "OFF").map_err(of_copy)?;
    // The transaction begins with the first page that is read.
    let begun = source.execute_batch("BEGIN; SELECT COUNT(*) FROM sqlite_schema;");
    begun.map_err(of_source)?;
    let flush = std::fs::File::open(to).map_err(|error| CopyError::of_file(shown, &error))?;
    let backup = Backup::new(&source, &mut copy).map_err(of_copy)?;
    let (mut tries, mut steps) = (0, 0_u32);
    loop {
        if stopped.is_set() {
            return Err(CopyError::Stopped);
        }
        match backup.step(PAGES).map_err(of_copy)? {
            StepResult::Done => return Ok(()),
            StepResult::More => tries = 0,
            _ if tries < TRIES => {
                tries += 1;
                thread::sleep(PAUSE);
            }
            _ => {
                return Err(CopyError::Failed(format!(
                    "another program has locked {}: stop it",
                    from.display()
                )));
            }
        }
        steps += 1;
        if steps.is_multiple_of(FLUSH_EVERY) {
            flush
                .sync_data()
                .map_err(|error| CopyError::of_file(shown, &error))?;
        }
    }
}

/// Turns the copy into a single file without write-ahead log, and empties the tables that a backup leaves
/// out.
fn trim(file: &Path) -> rusqlite::Result<()> {
    let copy = open(file)?;
    copy.pragma_update(None, "journal_mode", "DELETE")?;
    copy.pragma_update(None, "synchronous", "OFF")?;
    copy.pragma_update(None, "secure_delete", "ON")?;
    for table in LEFT_OUT {
        copy.execute_batch(&format!("DELETE FROM {table}"))?;
    }
    copy.close().map_err(|(_, error)| error)
}

/// Problems that SQLite's integrity check finds.
fn integrity(file: &Path, stopped: &Stopped) -> rusqlite::Result<Fault> {
    let file = File::open_with_flags(
        file,
        OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    file.busy_timeout(Duration::from_secs(2))?;
    // Cache of 64 MiB, because the check looks up index entries in random order.
    file.pragma_update(None, "cache_size", -65_536)?;
    let stopped = stopped.clone();
    file.progress_handler(INSTRUCTIONS, Some(move || stopped.is_set()))?;
    let mut found = Vec::new();
    let mut ask = file.prepare(&format!("PRAGMA integrity_check({NAMED})"))?;
    for line in ask.query_map([], |row| row.get::<_, String>(0))? {
        let line = line?;
        if line != "ok" {
            // SQLite's messages can have several lines.
            found.extend(line.lines().map(|line| format!("SQLite says: {}", line.trim())));
        }
    }
    found.truncate(NAMED);
    Ok(found)
}

fn open(file: &Path) -> rusqlite::Result<File> {
    let file = File::open_with_flags(
        file,
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    file.busy_timeout(Duration::from_secs(2))?;
    Ok(file)
}

fn sentence(error: &rusqlite::Error, file: &Path, stopped: &Stopped) -> CopyError {
    if stopped.is_set() {
        return CopyError::Stopped;
    }
    let code = match error {
        rusqlite::Error::SqliteFailure(code, _) => Some(code.extended_code.unsigned_abs() & 0xff),
        _ => None,
    };
    CopyError::Failed(driver_errors::sqlite_sentence(code, error, file))
}

/// An SQLite file that no other process uses: in a backup, or before it replaces the database.
pub struct CopiedFile(SqliteConnection);

impl CopiedFile {
    /// Opens the file read-only, without creating others beside it.
    ///
    /// # Errors
    /// A sentence about the file.
    pub async fn open(file: &Path) -> Result<Self, CopyError> {
        let options = SqliteConnectOptions::new()
            .filename(file)
            .create_if_missing(false)
            .read_only(true)
            .immutable(true);
        match SqliteConnection::connect_with(&options).await {
            Ok(conn) => Ok(Self(conn)),
            Err(error) => Err(CopyError::Failed(driver_errors::sqlite(&error, file))),
        }
    }

    /// Facts about the file.
    pub async fn facts(&mut self) -> Result<Facts, CopyError> {
        Facts::read(Conn::Sqlite(&mut self.0), true).await
    }

    /// Rows with a dangling reference.
    pub async fn orphans(&mut self) -> Result<Fault, CopyError> {
        facts::orphans(Conn::Sqlite(&mut self.0)).await
    }

    /// Closes it.
    ///
    /// # Errors
    /// When SQLite cannot.
    pub async fn close(self) -> Result<(), CopyError> {
        Ok(self.0.close().await?)
    }
}
