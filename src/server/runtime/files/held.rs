//! Replacing a file: one process at a time, and with the same owner, group and mode or not at all.

use super::{
    FIRST, NEXT, exposure::user, folder_of, open, sweep, sync_folder, target, text_of, write_beside,
};
use std::{
    fs::{self, File, Metadata, Permissions, TryLockError},
    io,
    os::unix::fs::{MetadataExt as _, PermissionsExt as _, fchown},
    path::{Path, PathBuf},
};
use tempfile::NamedTempFile;

/// How often another process may have replaced the file between our opening and locking it.
const TRIES: u32 = 20;

/// Why a file was not replaced. The old file is unchanged.
#[derive(Debug, thiserror::Error)]
pub enum ReplaceError {
    /// Another process holds the lock.
    #[error("another command is changing it: try again when it has finished")]
    Busy,
    /// It has several hard links.
    #[error("it has {0} names (hard links), and only one of them would change: remove the others first")]
    Names(u64),
    /// The new file cannot get its owner.
    #[error("it belongs to {0}: run this command as that user")]
    Owner(String),
    /// The new file cannot get its group.
    #[error("it belongs to the group {0}, which this user is not in: run this command as root")]
    Group(u32),
    /// No permission to create files in its folder.
    #[error("this user may not create files in {folder}: run this command as {owner}")]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// The user who may.
        owner: String,
    },
    /// The file system is read-only.
    #[error("it is on a read-only file system: change it where it is mounted from")]
    ReadOnly,
    /// The file itself is a mount point.
    #[error("it is a mount point and cannot be replaced here: change it where it is mounted from")]
    Mounted,
    /// Another file is at its path now.
    #[error("another file took its place in the meantime: try again")]
    Moved,
    /// Anything else.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// A locked file: no other process replaces it until this value is dropped.
pub struct Held {
    path: PathBuf,
    file: File,
    found: Metadata,
}

/// A complete new file under a temporary name; removed on drop.
pub struct Replacement<'h> {
    held: &'h Held,
    file: NamedTempFile,
}

impl Held {
    /// Opens and locks the file at a path, through links.
    pub fn open(path: &Path) -> Result<Self, ReplaceError> {
        let mut path = target(path)?;
        for _ in 0..TRIES {
            let file = open(&path).map_err(|error| match fs::metadata(&path) {
                Ok(found) => denied(error, || ReplaceError::Owner(user(found.uid()))),
                Err(_) => error.into(),
            })?;
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => return Err(ReplaceError::Busy),
                Err(TryLockError::Error(error)) => return Err(error.into()),
            }
            let found = file.metadata()?;
            let held = Self { path, file, found };
            if held.is_in_place() {
                return Ok(held);
            }
            // It was replaced between opening and locking: the lock is on a file without a name.
            path = held.path;
        }
        Err(ReplaceError::Busy)
    }

    /// The file.
    #[must_use]
    pub const fn file(&self) -> &File {
        &self.file
    }

    /// Its text, of at most `most` bytes.
    pub fn text(&self, most: u64) -> io::Result<String> {
        text_of(&self.file, most)
    }

    fn is_in_place(&self) -> bool {
        fs::symlink_metadata(&self.path)
            .is_ok_and(|now| (now.dev(), now.ino()) == (self.found.dev(), self.found.ino()))
    }

    /// Writes a new file with the same owner, group and mode, for [`Replacement::put_in_place`].
    pub fn prepare(&self, contents: &[u8]) -> Result<Replacement<'_>, ReplaceError> {
        if self.found.nlink() != 1 {
            return Err(ReplaceError::Names(self.found.nlink()));
        }
        // While the current file is locked, no other process prepares a replacement.
        for kind in [FIRST, NEXT] {
            sweep(&self.path, kind);
        }
        let file = write_beside(&self.path, NEXT, contents).map_err(|error| match error.kind() {
            io::ErrorKind::ReadOnlyFilesystem => ReplaceError::ReadOnly,
            io::ErrorKind::PermissionDenied => ReplaceError::Folder {
                folder: folder_of(&self.path).to_owned(),
                owner: user(self.found.uid()),
            },
            _ => error.into(),
        })?;
        let own = file.as_file().metadata()?;
        if own.uid() != self.found.uid() {
            fchown(file.as_file(), Some(self.found.uid()), Some(self.found.gid()))
                .map_err(|error| denied(error, || ReplaceError::Owner(user(self.found.uid()))))?;
        } else if own.gid() != self.found.gid() {
            fchown(file.as_file(), None, Some(self.found.gid()))
                .map_err(|error| denied(error, || ReplaceError::Group(self.found.gid())))?;
        }
        // After the owner, because changing the owner clears some permission bits.
        let mode = Permissions::from_mode(self.found.mode() & 0o7777);
        file.as_file().set_permissions(mode)?;
        file.as_file().sync_all()?;
        Ok(Replacement { held: self, file })
    }
}

impl Replacement<'_> {
    /// Renames the new file over the old one.
    pub fn put_in_place(self) -> Result<(), ReplaceError> {
        let path = &self.held.path;
        if !self.held.is_in_place() {
            return Err(ReplaceError::Moved);
        }
        self.file
            .persist(path)
            .map_err(|error| match error.error.kind() {
                io::ErrorKind::ResourceBusy => ReplaceError::Mounted,
                _ => error.error.into(),
            })?;
        Ok(sync_folder(folder_of(path))?)
    }
}

fn denied(error: io::Error, sentence: impl FnOnce() -> ReplaceError) -> ReplaceError {
    match error.kind() {
        io::ErrorKind::PermissionDenied => sentence(),
        _ => error.into(),
    }
}
