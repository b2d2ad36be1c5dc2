//! The path of an SQLite database during a restore: no server can start meanwhile, and at every moment the
//! path holds the complete old file, the complete new file, or none (docs/security.md, S82 and S91).

use super::super::{
    ConnectError,
    engine::{
        driver_errors,
        sqlite_file::{self, SqliteFile},
    },
};
use super::CopyError;
use crate::server::runtime::files;
use rustix::fs::{CWD, RenameFlags, renameat_with};
use sqlx::{Connection as _, SqliteConnection, sqlite::SqliteConnectOptions};
use std::{
    ffi::OsString,
    fs::{self, File, TryLockError},
    io,
    path::{Path, PathBuf},
    time::Duration,
};

/// Suffixes of the files that SQLite keeps beside a database. One left over from another database would be
/// read into the new one.
const BESIDE: [&str; 3] = ["-wal", "-shm", "-journal"];
/// SQLITE_CORRUPT and SQLITE_NOTADB.
const DAMAGED: [u32; 2] = [11, 26];

/// Path of a restored database, locked against servers and commands.
pub struct Destination {
    path: PathBuf,
    old: Option<SqliteFile>,
    /// `FILE.lock`, if there is no old file whose lock includes it.
    _lock: Option<File>,
}

impl Destination {
    /// Locks the path that a name leads to. Creates no database.
    ///
    /// # Errors
    /// When a server uses it, or its folder cannot be used.
    pub fn take(named: &Path) -> Result<Self, ConnectError> {
        let failed = |path: &Path| {
            let path = path.to_owned();
            move |source| ConnectError::Files { path, source }
        };
        let path = files::target(named).map_err(failed(named))?;
        // An empty file is no database: servers create one before they create the tables.
        let has_database = match fs::metadata(&path) {
            Ok(found) => found.len() > 0 || !found.is_file(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => false,
            Err(error) => return Err(failed(&path)(error)),
        };
        if has_database {
            return Ok(Self {
                old: Some(SqliteFile::take(&path)?),
                path,
                _lock: None,
            });
        }
        let lock_path = sqlite_file::beside(&path, ".lock");
        let lock = files::open_or_make(&lock_path).map_err(failed(&lock_path))?;
        match lock.try_lock() {
            Ok(()) => Ok(Self {
                path,
                old: None,
                _lock: Some(lock),
            }),
            Err(TryLockError::WouldBlock) => Err(ConnectError::InUse(path)),
            Err(TryLockError::Error(source)) => Err(failed(&lock_path)(source)),
        }
    }

    /// The absolute path without links.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether there is a database.
    #[must_use]
    pub const fn has_database(&self) -> bool {
        self.old.is_some()
    }

    /// Checkpoints the old file, so that it is complete without its write-ahead log. The files of a damaged
    /// database stay as they are.
    ///
    /// # Errors
    /// When another program has it open, or it cannot be written.
    pub async fn settle(&self) -> Result<(), CopyError> {
        if self.old.is_none() {
            return Ok(());
        }
        match settle(&self.path).await {
            Err(error) if driver_errors::sqlite_code(&error).is_some_and(|code| DAMAGED.contains(&code)) => {
                Ok(())
            }
            Err(error) => Err(CopyError::Failed(driver_errors::sqlite(&error, &self.path))),
            Ok(mode) if mode == "delete" => Ok(()),
            Ok(_) => Err(CopyError::Failed(format!(
                "another program has {} open: stop it",
                self.path.display()
            ))),
        }
    }

    /// Moves the file `new` of the same folder to this path, in one step. An old file is renamed to `kept`.
    ///
    /// # Errors
    /// When the file system fails; the old file is then at its path.
    pub fn put(&self, new: &Path, kept: &Path) -> io::Result<()> {
        for ending in BESIDE {
            let (from, to) = (
                sqlite_file::beside(&self.path, ending),
                sqlite_file::beside(kept, ending),
            );
            match fs::rename(from, to) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        let folder = files::folder_of(&self.path);
        // Flush the renames of the old files before the new file gets its name.
        files::sync_folder(folder)?;
        if self.old.is_some() {
            exchange(new, &self.path, kept)?;
        } else {
            fs::rename(new, &self.path)?;
        }
        files::sync_folder(folder)
    }
}

/// Moves `new` to `path`, and the file at `path` to `kept`.
fn exchange(new: &Path, path: &Path, kept: &Path) -> io::Result<()> {
    // First the new file is renamed to `kept`, then both are exchanged: each name always has a complete file.
    renameat_with(CWD, new, CWD, kept, RenameFlags::NOREPLACE)?;
    match renameat_with(CWD, kept, CWD, path, RenameFlags::EXCHANGE) {
        Ok(()) => Ok(()),
        // The file system cannot exchange names. For a moment the old file has two names, with which a server
        // refuses to start.
        Err(rustix::io::Errno::INVAL | rustix::io::Errno::NOSYS | rustix::io::Errno::OPNOTSUPP) => {
            fs::rename(kept, new)?;
            fs::hard_link(path, kept)?;
            fs::rename(new, path)
        }
        Err(error) => {
            fs::rename(kept, new)?;
            Err(error.into())
        }
    }
}

/// Checkpoints the file and turns the write-ahead log off; returns the resulting journal mode.
async fn settle(path: &Path) -> Result<String, sqlx::Error> {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(false)
        .busy_timeout(Duration::from_secs(2));
    let mut conn = SqliteConnection::connect_with(&options).await?;
    let mode = sqlx::query_scalar("PRAGMA journal_mode = DELETE")
        .fetch_one(&mut conn)
        .await?;
    conn.close().await?;
    Ok(mode)
}

/// `NAME.before-restore-TIME` beside a file.
#[must_use]
pub fn kept_name(path: &Path, time: &str) -> PathBuf {
    let mut name = OsString::from(path.file_name().unwrap_or_default());
    name.push(".before-restore-");
    name.push(time);
    path.with_file_name(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder() -> tempfile::TempDir {
        tempfile::tempdir().expect("a folder")
    }

    #[test]
    fn a_new_file_takes_the_place_and_the_old_one_is_kept() {
        let folder = folder();
        let name = |name: &str| folder.path().join(name);
        fs::write(name("a.db"), "old").expect("a file");
        fs::write(name("a.db-wal"), "log").expect("a file");
        fs::write(name("new"), "new").expect("a file");
        let destination = Destination::take(&name("a.db")).expect("a free path");
        assert!(destination.has_database());
        assert!(matches!(
            Destination::take(&name("a.db")),
            Err(ConnectError::InUse(_))
        ));
        let kept = kept_name(destination.path(), "then");
        destination.put(&name("new"), &kept).expect("put");
        for (file, text) in [
            ("a.db", "new"),
            ("a.db.before-restore-then", "old"),
            ("a.db.before-restore-then-wal", "log"),
        ] {
            assert_eq!(fs::read_to_string(name(file)).expect(file), text);
        }
        assert!(!name("a.db-wal").exists() && !name("new").exists());
    }

    #[test]
    fn an_empty_place_stays_empty_until_the_file_is_there() {
        let folder = folder();
        let name = |name: &str| folder.path().join(name);
        // A file left over from another database would be read into the new one.
        fs::write(name("a.db-wal"), "log").expect("a file");
        fs::write(name("new"), "new").expect("a file");
        let destination = Destination::take(&name("a.db")).expect("a free path");
        assert!(!destination.has_database() && !name("a.db").exists());
        assert!(matches!(
            Destination::take(&name("a.db")),
            Err(ConnectError::InUse(_))
        ));
        destination
            .put(&name("new"), &kept_name(destination.path(), "then"))
            .expect("put");
        assert_eq!(fs::read_to_string(name("a.db")).expect("a file"), "new");
        assert!(!name("a.db-wal").exists());
    }
}
