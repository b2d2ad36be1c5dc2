//! Files and folders that are created once or replaced (docs/security.md, S91). A new file is written under a
//! random name, readable by its owner only, flushed, and renamed without overwriting another file; then its
//! folder is flushed.

mod exposure;
mod held;

pub use exposure::{exposed, user, warnings};
pub use held::{Held, ReplaceError, Replacement};

use std::{
    ffi::{OsStr, OsString},
    fs::{self, DirBuilder, File, Permissions},
    io::{self, Read as _, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
};
use tempfile::{Builder, NamedTempFile};

/// Maximum number of symbolic links that are followed; the same as in the kernel.
const LINKS: u32 = 40;
/// Length of the random suffix of a temporary file.
const RANDOM: usize = 16;
/// Separators between the name of a file and the suffix: of files that are created once, and of files that
/// replace another.
const FIRST: &str = ".first-";
const NEXT: &str = ".next-";

/// The folder of a path.
#[must_use]
pub fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if folder.as_os_str().is_empty() => Path::new("."),
        Some(folder) => folder,
        None => path,
    }
}

/// The absolute path without links. The last part need not exist: a link to a missing file gives the path of
/// that file.
///
/// # Errors
/// When a folder is missing, the name is no file name, or links form a cycle.
pub fn target(path: &Path) -> io::Result<PathBuf> {
    let mut path = path.to_owned();
    for _ in 0..LINKS {
        match fs::read_link(&path) {
            Ok(next) => path = folder_of(&path).join(next),
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::InvalidInput | io::ErrorKind::NotFound
                ) =>
            {
                let name = path.file_name().ok_or(io::ErrorKind::IsADirectory)?;
                return Ok(fs::canonicalize(folder_of(&path))?.join(name));
            }
            Err(error) => return Err(error),
        }
    }
    Err(rustix::io::Errno::LOOP.into())
}

/// Creates a folder that only its owner can use, and missing parents. Several processes may do so at the same
/// time.
pub fn make_folder(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    let above = folder_of(path);
    make_folder(above)?;
    match DirBuilder::new().mode(0o700).create(path) {
        // The umask may have removed rights of the owner.
        Ok(()) => fs::set_permissions(path, Permissions::from_mode(0o700))?,
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => {}
        Err(error) => return Err(error),
    }
    sync_folder(above)
}

/// Flushes a folder's entries, so that a power failure loses no new file.
pub fn sync_folder(folder: &Path) -> io::Result<()> {
    match File::open(folder)?.sync_all() {
        // A file system without directory flushes has nothing to flush, or cannot do it.
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported
            ) =>
        {
            Ok(())
        }
        done => done,
    }
}

/// Creates a file that only its owner can read, unless it exists. Returns false if it exists; the caller then
/// uses that file's content.
pub fn make_once(path: &Path, contents: &[u8]) -> io::Result<bool> {
    let path = target(path)?;
    let made = match write_beside(&path, FIRST, contents)
        .and_then(|file| file.persist_noclobber(&path).map_err(|error| error.error))
    {
        Ok(_) => true,
        Err(_) if path.try_exists()? => false,
        Err(error) => return Err(error),
    };
    // Also if another process was first: the file that is used from now on must not be lost.
    sync_folder(folder_of(&path))?;
    sweep(&path, FIRST);
    Ok(made)
}

/// Opens a file for reading and writing, or creates it empty, for its owner only. Follows no link.
pub fn open_or_make(path: &Path) -> io::Result<File> {
    let mut options = File::options();
    options.read(true).write(true).custom_flags(NO_FOLLOW).mode(0o600);
    match options.clone().create_new(true).open(path) {
        Ok(file) => {
            file.set_permissions(Permissions::from_mode(0o600))?;
            sync_folder(folder_of(path))?;
            Ok(file)
        }
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => must_be_file(options.open(path)?),
        Err(error) => Err(error),
    }
}

/// Opens a regular file for reading. Refuses pipes and devices, so it never blocks.
pub fn open(path: &Path) -> io::Result<File> {
    must_be_file(File::options().read(true).custom_flags(NO_WAIT).open(path)?)
}

/// The text of a file of at most `most` bytes.
pub fn text_of(file: &File, most: u64) -> io::Result<String> {
    // Allocated in full at once: a reallocation would leave a copy of a secret in freed memory.
    let length = usize::try_from(file.metadata()?.len().min(most)).unwrap_or_default();
    let mut text = String::with_capacity(length + 1);
    file.take(most + 1).read_to_string(&mut text)?;
    if text.len() as u64 > most {
        return Err(io::ErrorKind::FileTooLarge.into());
    }
    Ok(text)
}

/// Flags: follow no link, and do not block on a pipe.
const NO_FOLLOW: i32 = rustix::fs::OFlags::NOFOLLOW.bits().cast_signed() | NO_WAIT;
const NO_WAIT: i32 = rustix::fs::OFlags::NONBLOCK.bits().cast_signed();

fn must_be_file(file: File) -> io::Result<File> {
    if file.metadata()?.is_file() {
        Ok(file)
    } else {
        Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "it is not a regular file",
        ))
    }
}

/// Writes a temporary file in the same folder. It is removed when the value is dropped.
fn write_beside(path: &Path, kind: &str, contents: &[u8]) -> io::Result<NamedTempFile> {
    let mut file = make_beside(path, kind)?;
    file.write_all(contents)?;
    file.as_file().sync_all()?;
    Ok(file)
}

/// Creates a file, readable by its owner only, that will replace `path`, which need not exist. Dropping it before
/// [`put_in_place`] removes it. Only one process may replace `path` at a time, because leftovers of killed processes
/// are removed.
pub fn make_next(path: &Path) -> io::Result<NamedTempFile> {
    sweep(path, NEXT);
    make_beside(path, NEXT)
}

/// Flushes a file from [`make_next`] and puts it in the place of `path`, in one step.
pub fn put_in_place(file: NamedTempFile, path: &Path) -> io::Result<()> {
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    sync_folder(folder_of(path))
}

fn make_beside(path: &Path, kind: &str) -> io::Result<NamedTempFile> {
    let file = Builder::new()
        .prefix(&temporary(path, kind))
        .suffix("")
        .rand_bytes(RANDOM)
        .permissions(Permissions::from_mode(0o600))
        .tempfile_in(folder_of(path))?;
    file.as_file().set_permissions(Permissions::from_mode(0o600))?;
    Ok(file)
}

/// Prefix of the names of temporary files for `path`.
fn temporary(path: &Path, kind: &str) -> OsString {
    let mut name = OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(kind);
    name
}

/// Removes temporary files of killed processes. Only while `path` exists: a process that is about to create
/// it has then lost the race, and notices.
fn sweep(path: &Path, kind: &str) {
    remove_temporary(folder_of(path), &temporary(path, kind), RANDOM);
}

/// Removes the files of a folder whose name is `prefix` and a random suffix of this length.
pub fn remove_temporary(folder: &Path, prefix: &OsStr, random_bytes: usize) {
    let Ok(entries) = fs::read_dir(folder) else {
        return;
    };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let random = name.as_encoded_bytes().strip_prefix(prefix.as_encoded_bytes());
        if random.is_some_and(|random| random.len() == random_bytes) {
            // Best effort: another process may have removed it.
            let _ = fs::remove_file(entry.path());
        }
    }
}

#[cfg(test)]
mod tests;
