//! Files and folders that are made once or replaced (docs/security.md, S91). A new file is written under a random name
//! for its owner alone, flushed, and put in place without overwriting anything; then its folder is flushed.

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

/// Symbolic links that are followed from one name; the kernel follows as many.
const LINKS: u32 = 40;
/// Random characters in the name of a temporary file.
const RANDOM: usize = 16;
/// Between the name of a file and the random characters: files that are made once, and files that replace another.
const FIRST: &str = ".first-";
const NEXT: &str = ".next-";

/// The folder that a path is in.
#[must_use]
pub fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if folder.as_os_str().is_empty() => Path::new("."),
        Some(folder) => folder,
        None => path,
    }
}

/// The absolute path without links that a name leads to. The last part need not exist: a link to a missing file leads to
/// where that file would be made.
///
/// # Errors
/// Where a folder is missing, the name is none of a file, or links lead in a circle.
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

/// Makes a folder for its owner alone, and the missing ones above it. Several processes may do so at the same time.
pub fn make_folder(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    let above = folder_of(path);
    make_folder(above)?;
    match DirBuilder::new().mode(0o700).create(path) {
        // A umask may have taken rights from the owner.
        Ok(()) => fs::set_permissions(path, Permissions::from_mode(0o700))?,
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => {}
        Err(error) => return Err(error),
    }
    sync_folder(above)
}

/// Flushes the names in a folder, so that a power failure loses none that was made.
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

/// Makes a file for its owner alone, unless there is one. Whether it made it: if not, another file is there, and what
/// counts is what that one holds.
pub fn make_once(path: &Path, contents: &[u8]) -> io::Result<bool> {
    let path = target(path)?;
    let made = match write_beside(&path, FIRST, contents)
        .and_then(|file| file.persist_noclobber(&path).map_err(|error| error.error))
    {
        Ok(_) => true,
        Err(_) if path.try_exists()? => false,
        Err(error) => return Err(error),
    };
    // Also if another process was first: the file that this one uses must not be lost either.
    sync_folder(folder_of(&path))?;
    sweep(&path, FIRST);
    Ok(made)
}

/// Opens a file for reading and writing, or makes it, empty and for its owner alone. Follows no link.
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

/// Opens a file for reading. Never waits, and refuses what is no regular file, such as a pipe.
pub fn open(path: &Path) -> io::Result<File> {
    must_be_file(File::options().read(true).custom_flags(NO_WAIT).open(path)?)
}

/// The text of a file of at most `most` bytes.
pub fn text_of(file: &File, most: u64) -> io::Result<String> {
    // Room for all of it: growing would leave copies of what may be a secret behind.
    let length = usize::try_from(file.metadata()?.len().min(most)).unwrap_or_default();
    let mut text = String::with_capacity(length + 1);
    file.take(most + 1).read_to_string(&mut text)?;
    if text.len() as u64 > most {
        return Err(io::ErrorKind::FileTooLarge.into());
    }
    Ok(text)
}

/// Follows no link, and does not wait for the other end of a pipe.
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

/// How the names of temporary files for `path` begin.
fn temporary(path: &Path, kind: &str) -> OsString {
    let mut name = OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(kind);
    name
}

/// Removes temporary files that a killed process left. Only while `path` exists: a process that is about to create the
/// first file has lost by then, and notices.
fn sweep(path: &Path, kind: &str) {
    remove_temporary(folder_of(path), &temporary(path, kind), RANDOM);
}

/// Removes the files of a folder whose name is `prefix` and so many random bytes.
pub fn remove_temporary(folder: &Path, prefix: &OsStr, random_bytes: usize) {
    let Ok(entries) = fs::read_dir(folder) else {
        return;
    };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let random = name.as_encoded_bytes().strip_prefix(prefix.as_encoded_bytes());
        if random.is_some_and(|random| random.len() == random_bytes) {
            // Another process may have removed it.
            let _ = fs::remove_file(entry.path());
        }
    }
}

#[cfg(test)]
mod tests;
