//! The folder of a backup in progress. It has a temporary name until the backup is complete, and is removed
//! if that fails.

use super::{
    BackupError,
    manifest::{MANIFEST, Manifest, Part},
    refuse,
};
use crate::server::{
    runtime::{files, quiet_thread::Stopped},
    store::backup::CopyError,
};
use sha2::{Digest as _, Sha256 as Hasher};
use std::{
    ffi::{OsStr, OsString},
    fs::{self, File, Permissions},
    io::{self, Read, Write as _},
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};
use tempfile::{Builder, TempDir};

/// Separates the backup's name from the random suffix in the name of a folder in progress.
const UNFINISHED: &str = ".unfinished-";
/// Length of that suffix.
const RANDOM: usize = 16;
/// Size of a read, in bytes.
const CHUNK: usize = 256 * 1024;

/// A backup in progress.
#[derive(Debug)]
pub(super) struct Unfinished {
    /// Final path.
    path: PathBuf,
    folder: TempDir,
    /// Locked until dropped, so that other processes can tell it from the leftovers of a killed process.
    _lock: File,
}

impl Unfinished {
    /// Starts the backup `named`. The path must not exist, or be an empty folder.
    pub(super) fn begin(named: &Path) -> Result<Self, BackupError> {
        let failed = |error: io::Error| BackupError::of_file(named, &error);
        files::make_folder(files::folder_of(named)).map_err(failed)?;
        let path = files::target(named).map_err(failed)?;
        match fs::read_dir(&path) {
            Ok(mut entries) => {
                if entries.next().is_some() {
                    return refuse(format!(
                        "{} is not empty, and a backup needs a new folder: name one that does not exist",
                        path.display()
                    ));
                }
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) if error.kind() == io::ErrorKind::NotADirectory => {
                return refuse(format!(
                    "{} is a file, and a backup is a folder: name one that does not exist",
                    path.display()
                ));
            }
            Err(error) => return Err(failed(error)),
        }
        let name = path.file_name().unwrap_or_default();
        sweep(files::folder_of(&path), Some(name));
        let mut prefix = OsString::from(".");
        prefix.push(name);
        prefix.push(UNFINISHED);
        let folder = Builder::new()
            .prefix(&prefix)
            .suffix("")
            .rand_bytes(RANDOM)
            .permissions(Permissions::from_mode(0o700))
            .tempdir_in(files::folder_of(&path))
            .map_err(failed)?;
        fs::set_permissions(folder.path(), Permissions::from_mode(0o700)).map_err(failed)?;
        let lock = File::open(folder.path()).map_err(failed)?;
        // On a file system without locks, `sweep` cannot lock either and removes nothing.
        let _ = lock.try_lock();
        Ok(Self {
            path,
            folder,
            _lock: lock,
        })
    }

    /// Its temporary path.
    pub(super) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The final path of one of its files, for messages.
    pub(super) fn shown(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Writes a small file.
    pub(super) fn write(&self, name: &str, contents: &[u8]) -> Result<Part, BackupError> {
        let written = files::open_or_make(&self.folder().join(name)).and_then(|mut file| {
            file.write_all(contents)?;
            file.sync_all()
        });
        written.map_err(|error| BackupError::of_file(&self.shown(name), &error))?;
        let mut written = Digest::default();
        written.add(contents);
        Ok(written.part(name))
    }

    /// Flushes an existing file to disk, and returns its description.
    pub(super) fn describe(&self, name: &str, stopped: &Stopped) -> Result<Part, BackupError> {
        let path = self.folder().join(name);
        let flushed = files::open(&path).and_then(|file| file.sync_all());
        flushed.map_err(|error| BackupError::of_file(&self.shown(name), &error))?;
        digest(&path, stopped, |_| Ok(()))
    }

    /// Writes the manifest and renames the folder to its final name.
    pub(super) fn put_in_place(self, manifest: &Manifest) -> Result<(), BackupError> {
        self.write(MANIFEST, manifest.text().as_bytes())?;
        let Self {
            path,
            mut folder,
            _lock,
        } = self;
        let above = files::folder_of(&path);
        let put = files::sync_folder(folder.path())
            // `rename` replaces an empty folder, and fails for anything else.
            .and_then(|()| fs::rename(folder.path(), &path));
        put.map_err(|error| match error.kind() {
            io::ErrorKind::DirectoryNotEmpty
            | io::ErrorKind::AlreadyExists
            | io::ErrorKind::NotADirectory => BackupError::Refused(format!(
                "{} was created in the meantime: name one that does not exist",
                path.display()
            )),
            io::ErrorKind::ResourceBusy => BackupError::Refused(format!(
                "{} is a mount point and cannot be replaced: name a folder inside it",
                path.display()
            )),
            _ => BackupError::of_file(&path, &error),
        })?;
        folder.disable_cleanup(true);
        files::sync_folder(above).map_err(|error| BackupError::of_file(&path, &error))
    }
}

/// Removes leftovers of killed processes from a folder: those of the backup with this name, or all.
pub(super) fn sweep(folder: &Path, name: Option<&OsStr>) {
    let Ok(entries) = fs::read_dir(folder) else {
        return;
    };
    for entry in entries.flatten() {
        let found = entry.file_name();
        let is_left =
            unfinished(&found).is_some_and(|of| name.is_none_or(|name| name.as_encoded_bytes() == of));
        if !is_left || entry.file_type().map_or(true, |kind| !kind.is_dir()) {
            continue;
        }
        // A process that is still writing holds a lock on the folder.
        if let Ok(lock) = File::open(entry.path())
            && lock.try_lock().is_ok()
        {
            // Best effort: another process may have removed it first.
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

/// Removes a complete backup. It is renamed to a temporary name first, so that a kill in between leaves no
/// partial backup.
pub(super) fn discard(path: &Path) -> io::Result<()> {
    let mut name = OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(UNFINISHED);
    // Cannot collide: a path has one backup.
    name.push("0".repeat(RANDOM));
    let discarded = path.with_file_name(name);
    fs::rename(path, &discarded)?;
    fs::remove_dir_all(discarded)
}

/// The backup's name, if this is the temporary name of a folder in progress.
fn unfinished(name: &OsStr) -> Option<&[u8]> {
    let name = name.as_encoded_bytes().strip_prefix(b".")?;
    let end = name.len().checked_sub(RANDOM)?;
    name.get(..end)?.strip_suffix(UNFINISHED.as_bytes())
}

/// Computes the description of a file from its content, chunk by chunk.
#[derive(Default)]
pub(super) struct Digest {
    hasher: Hasher,
    bytes: u64,
}

impl Digest {
    /// Adds a chunk.
    pub(super) fn add(&mut self, piece: &[u8]) {
        self.hasher.update(piece);
        self.bytes += piece.len() as u64;
    }

    /// The description of the whole file.
    pub(super) fn part(self, name: &str) -> Part {
        Part {
            name: name.to_owned(),
            bytes: self.bytes,
            sha256: hex::encode(self.hasher.finalize()),
        }
    }
}

/// Reads a file chunk by chunk and returns its description.
pub(super) fn digest(
    path: &Path,
    stopped: &Stopped,
    mut each: impl FnMut(&[u8]) -> Result<(), BackupError>,
) -> Result<Part, BackupError> {
    let failed = |error: io::Error| BackupError::of_file(path, &error);
    let mut file = files::open(path).map_err(failed)?;
    let (mut read, mut chunk) = (Digest::default(), vec![0; CHUNK]);
    loop {
        if stopped.is_set() {
            return Err(CopyError::Stopped.into());
        }
        let length = match file.read(&mut chunk) {
            Ok(0) => break,
            Ok(length) => length,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(failed(error)),
        };
        read.add(&chunk[..length]);
        each(&chunk[..length])?;
    }
    Ok(read.part(&path.file_name().unwrap_or_default().to_string_lossy()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_not_put_in_place_is_removed() {
        let above = tempfile::tempdir().expect("a folder");
        let path = above.path().join("one");
        let unfinished = Unfinished::begin(&path).expect("begun");
        unfinished.write("a", b"text").expect("a file");
        assert!(!path.exists());
        drop(unfinished);
        assert_eq!(fs::read_dir(above.path()).expect("a folder").count(), 0);
    }

    #[test]
    fn a_place_that_is_taken_is_refused() {
        let above = tempfile::tempdir().expect("a folder");
        let path = above.path().join("one");
        fs::write(&path, "").expect("a file");
        let refused = Unfinished::begin(&path).expect_err("a file").to_string();
        assert!(refused.contains("is a file"), "{refused}");
        fs::remove_file(&path).expect("removed");
        fs::create_dir(&path).expect("a folder");
        assert!(Unfinished::begin(&path).is_ok(), "an empty folder");
        fs::write(path.join("a"), "").expect("a file");
        let refused = Unfinished::begin(&path).expect_err("a full folder").to_string();
        assert!(refused.contains("is not empty"), "{refused}");
    }

    #[test]
    fn what_a_killed_process_left_is_removed_and_nothing_else() {
        let above = tempfile::tempdir().expect("a folder");
        let left = |name: &str| above.path().join(name);
        let names = [
            ".one.unfinished-0123456789abcdef",
            ".two.unfinished-0123456789abcdef",
            ".one.unfinished-0123",
            "one.unfinished-0123456789abcdef",
            ".one",
        ];
        for name in names {
            fs::create_dir(left(name)).expect("a folder");
        }
        let at_work = Unfinished::begin(&left("one")).expect("begun");
        assert!(!left(names[0]).exists(), "of the same name");
        for name in &names[1..] {
            assert!(left(name).exists(), "{name}");
        }
        sweep(above.path(), None);
        assert!(!left(names[1]).exists());
        assert!(at_work.folder().exists(), "one that is being made");
    }
}
