//! The lock on an SQLite file: only one server uses it, under whatever path (docs/security.md, S92).
//!
//! The lock is on the file itself (`flock`, which is independent of SQLite's own locks), so links, mounts and
//! spellings of a path make no difference. Closing any descriptor of the file would drop SQLite's locks in
//! this process: the descriptor here is opened once, before SQLite opens the file, and nothing else opens it.

use crate::server::{runtime::files, store::ConnectError};
use std::{
    fs::{self, File, Metadata, TryLockError},
    io,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

/// Device and inode of a file.
type Identity = (u64, u64);

/// Files that this process has opened, so that none is opened a second time.
static TAKEN: Mutex<Vec<Identity>> = Mutex::new(Vec::new());

/// A server's database file, locked until it is dropped.
pub(in crate::server::store) struct SqliteFile {
    path: PathBuf,
    identity: Identity,
    _database: File,
    /// `FILE.lock`, which servers of earlier releases lock instead.
    _lock: File,
}

impl SqliteFile {
    /// Locks the file that a path leads to; creates it if it does not exist.
    pub(in crate::server::store) fn take(named: &Path) -> Result<Self, ConnectError> {
        let path = target(named)?;
        let failed = |path: &Path| {
            let path = path.to_owned();
            move |source| ConnectError::Files { path, source }
        };
        let in_use = || ConnectError::InUse(named.to_owned());
        let mut taken = TAKEN.lock().unwrap_or_else(PoisonError::into_inner);
        if fs::metadata(&path).is_ok_and(|found| taken.contains(&identity(&found))) {
            return Err(in_use());
        }
        let database = files::open_or_make(&path).map_err(failed(&path))?;
        let found = database.metadata().map_err(failed(&path))?;
        let lock_path = beside(&path, ".lock");
        lock(&database, &path, in_use)?;
        one_name(&path, &found)?;
        let lock_file = files::open_or_make(&lock_path).map_err(failed(&lock_path))?;
        lock(&lock_file, &lock_path, in_use)?;
        let file = Self {
            path: path.clone(),
            identity: identity(&found),
            _database: database,
            _lock: lock_file,
        };
        // Another file may have been moved to the path between opening and locking.
        let in_place = file.check();
        taken.push(file.identity);
        drop(taken);
        in_place.map(|()| file).map_err(failed(&path))
    }

    /// The absolute path without links, which is how SQLite opens it.
    pub(in crate::server::store) fn path(&self) -> &Path {
        &self.path
    }

    /// Fails when the path no longer leads to the locked file: writes would be lost.
    pub(in crate::server::store) fn check(&self) -> io::Result<()> {
        match fs::symlink_metadata(&self.path) {
            Ok(found) if identity(&found) == self.identity => Ok(()),
            Ok(_) => Err(io::Error::other(
                "another file is in the place of the database: restart the server",
            )),
            Err(error) => Err(error),
        }
    }

    /// All files of the database and their folder, existing or not.
    pub(in crate::server::store) fn files(&self) -> Vec<PathBuf> {
        let mut files = vec![files::folder_of(&self.path).to_owned(), self.path.clone()];
        files.extend(["-wal", "-shm", ".lock", ".endings"].map(|ending| beside(&self.path, ending)));
        files
    }
}

impl Drop for SqliteFile {
    fn drop(&mut self) {
        let mut taken = TAKEN.lock().unwrap_or_else(PoisonError::into_inner);
        taken.retain(|identity| *identity != self.identity);
    }
}

/// The path of the file for a command, which uses it beside a server. Not opened here.
pub(in crate::server::store) fn existing(named: &Path) -> Result<PathBuf, ConnectError> {
    let path = match target(named) {
        Err(ConnectError::Files { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
            return Err(ConnectError::Nothing(named.to_owned()));
        }
        path => path?,
    };
    match fs::metadata(&path) {
        Ok(found) => one_name(&path, &found).map(|()| path),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Err(ConnectError::Nothing(named.to_owned())),
        Err(source) => Err(ConnectError::Files { path, source }),
    }
}

fn target(named: &Path) -> Result<PathBuf, ConnectError> {
    files::target(named).map_err(|source| ConnectError::Files {
        path: named.to_owned(),
        source,
    })
}

fn lock(file: &File, path: &Path, in_use: impl FnOnce() -> ConnectError) -> Result<(), ConnectError> {
    match file.try_lock() {
        Ok(()) => Ok(()),
        Err(TryLockError::WouldBlock) => Err(in_use()),
        Err(TryLockError::Error(source)) => Err(ConnectError::Files {
            path: path.to_owned(),
            source,
        }),
    }
}

/// Refuses a file with several hard links. SQLite keeps the write-ahead log beside the name that a file is
/// opened by: with a second name there would be a second log, and the first one's content would be lost.
fn one_name(path: &Path, found: &Metadata) -> Result<(), ConnectError> {
    match found.nlink() {
        0 | 1 => Ok(()),
        names => Err(ConnectError::Names {
            path: path.to_owned(),
            names,
        }),
    }
}

fn identity(found: &Metadata) -> Identity {
    (found.dev(), found.ino())
}

/// The path with a suffix appended to its file name.
pub(in crate::server::store) fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut path = path.as_os_str().to_owned();
    path.push(ending);
    path.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    #[test]
    fn one_server_has_it_by_every_name() {
        let folder = tempfile::tempdir().expect("a folder");
        let name = |name: &str| folder.path().join(name);
        let first = SqliteFile::take(&name("a.db")).expect("the first");
        symlink("a.db", name("link.db")).expect("a link");
        symlink(folder.path(), name("again")).expect("a link");
        fs::hard_link(name("a.db"), name("hard.db")).expect("a link");
        fs::remove_file(name("a.db.lock")).expect("removed");
        for other in ["a.db", "link.db", "hard.db", "again/a.db", "./again/link.db"] {
            let refused = SqliteFile::take(&name(other)).err();
            assert!(
                matches!(refused, Some(ConnectError::InUse(_))),
                "{other}: {refused:?}"
            );
        }
        drop(first);
        for other in ["a.db", "hard.db"] {
            let refused = SqliteFile::take(&name(other)).err();
            let names = matches!(refused, Some(ConnectError::Names { names: 2, .. }));
            assert!(names, "{other}: {refused:?}");
        }
        fs::remove_file(name("hard.db")).expect("removed");
        assert!(SqliteFile::take(&name("link.db")).is_ok());
    }

    #[test]
    fn another_file_at_its_path_is_noticed() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.db");
        let file = SqliteFile::take(&path).expect("locked");
        assert!(file.check().is_ok());
        fs::rename(&path, folder.path().join("old.db")).expect("moved");
        assert!(file.check().is_err(), "none");
        fs::write(&path, "").expect("another");
        assert!(file.check().is_err(), "another");
        let moved = SqliteFile::take(&folder.path().join("old.db")).err();
        assert!(matches!(moved, Some(ConnectError::InUse(_))), "{moved:?}");
    }

    #[test]
    fn a_lock_of_an_earlier_release_counts() {
        let folder = tempfile::tempdir().expect("a folder");
        let lock = File::create(folder.path().join("a.db.lock")).expect("a file");
        lock.try_lock().expect("locked");
        let refused = SqliteFile::take(&folder.path().join("a.db")).err();
        assert!(matches!(refused, Some(ConnectError::InUse(_))), "{refused:?}");
    }

    #[test]
    fn it_is_for_its_owner_alone_from_the_start() {
        let folder = tempfile::tempdir().expect("a folder");
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o700)).expect("a mode");
        let file = SqliteFile::take(&folder.path().join("a.db")).expect("made");
        for path in file.files() {
            let mode = fs::metadata(&path).map_or(0o600, |found| found.permissions().mode());
            assert_eq!(mode & 0o077, 0, "{}", path.display());
        }
        assert!(files::warnings(&file.files()).is_empty());
        fs::set_permissions(file.path(), fs::Permissions::from_mode(0o644)).expect("a mode");
        let warnings = files::warnings(&file.files());
        assert_eq!(warnings.len(), 1, "{warnings:?}");
        assert!(
            warnings[0].contains("run chmod go-rwx ") && warnings[0].ends_with("a.db"),
            "{warnings:?}"
        );
    }

    #[test]
    fn what_is_no_database_is_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        assert!(SqliteFile::take(folder.path()).is_err(), "a folder");
        assert!(matches!(
            existing(&folder.path().join("a.db")),
            Err(ConnectError::Nothing(_))
        ));
        symlink("/nonexistent", folder.path().join("a.db.lock")).expect("a link");
        assert!(
            SqliteFile::take(&folder.path().join("a.db")).is_err(),
            "a link as lock"
        );
    }
}
