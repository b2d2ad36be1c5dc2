//! Permissions of files with secrets: who else can read them, and what to do about it.

use rustix::{
    fs::{StatVfsMountFlags, fstatvfs},
    process::geteuid,
};
use std::{
    fmt::Write as _,
    fs::{self, File, Metadata},
    io,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
};

const GROUP: u32 = 0o070;
const OTHERS: u32 = 0o007;
const OTHERS_WRITE: u32 = 0o002;
const STICKY: u32 = 0o1000;
/// Maximum size of a user database that is searched for a name.
const MOST: u64 = 4 * 1024 * 1024;

/// Advice about a secret that others can read; `None` if its permissions are right. A file of this user must
/// be readable by its owner only. A file of another user, or on a read-only file system, may be readable by
/// its group too, which is how Kubernetes mounts secrets.
pub fn exposed(file: &File) -> io::Result<Option<String>> {
    let found = file.metadata()?;
    let read_only = fstatvfs(file)?.f_flag.contains(StatVfsMountFlags::RDONLY);
    let mine = found.uid() == geteuid().as_raw();
    Ok(advice(found.mode(), mine, read_only, || user(found.uid())))
}

fn advice(mode: u32, mine: bool, read_only: bool, owner: impl FnOnce() -> String) -> Option<String> {
    let others = mode & OTHERS != 0;
    if read_only {
        others.then(|| {
            "it is mounted read-only, so mount it with mode 0440 (Kubernetes: defaultMode 0440 and an fsGroup), or copy it to a file of this user with mode 0600".to_owned()
        })
    } else if mine {
        (mode & (GROUP | OTHERS) != 0).then(|| "run chmod 600 on it".to_owned())
    } else {
        others.then(|| format!("run chmod o-rwx on it as {}, or mount it with mode 0440", owner()))
    }
}

/// A sentence for each of these files and folders that others can read. Missing paths are skipped, and
/// duplicates count once.
#[must_use]
pub fn warnings(paths: &[PathBuf]) -> Vec<String> {
    let mut seen = Vec::new();
    let mut sentences = Vec::new();
    for path in paths {
        let Ok(found) = fs::metadata(path) else {
            continue;
        };
        let identity = (found.dev(), found.ino());
        if seen.contains(&identity) {
            continue;
        }
        seen.push(identity);
        let mine = found.uid() == geteuid().as_raw();
        // Absolute, because the person runs the command in another folder.
        let path = std::path::absolute(path).unwrap_or_else(|_| path.clone());
        sentences.extend(warning(&path, &found, mine));
    }
    sentences
}

fn warning(path: &Path, found: &Metadata, mine: bool) -> Option<String> {
    let mode = found.mode();
    let shown = path.display();
    if found.is_dir() && mode & STICKY != 0 && mode & OTHERS_WRITE != 0 {
        return Some(format!(
            "the folder {shown} is shared by all users: keep the data in a folder of its own"
        ));
    }
    let matters = match (mine, found.is_dir()) {
        (true, _) => GROUP | OTHERS,
        (false, false) => OTHERS,
        // In another user's folder only write access is a risk; its files are checked separately.
        (false, true) => OTHERS_WRITE,
    };
    if mode & matters == 0 {
        return None;
    }
    let rights = if mine { "go-rwx" } else { "o-rwx" };
    let mut sentence = format!(
        "other users of this machine can read {shown}: run chmod {rights} {}",
        quoted(path)
    );
    if !mine {
        let _ = write!(sentence, " as {}", user(found.uid()));
    }
    Some(sentence)
}

/// Quotes a path for the shell.
fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/._-+:@,".contains(&byte);
    if text.bytes().all(plain) {
        text
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

/// The name of a user, or the number if the system does not know the name.
#[must_use]
pub fn user(id: u32) -> String {
    let users = super::open(Path::new("/etc/passwd")).and_then(|file| super::text_of(&file, MOST));
    let users = users.unwrap_or_default();
    let name = users.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)?.parse() == Ok(id)).then_some(name)
    });
    name.map_or_else(|| format!("the user with the number {id}"), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_for_its_owner_or_was_handed_in_for_a_group() {
        let owner = || "svc".to_owned();
        for (mode, mine, read_only, part) in [
            (0o600, true, false, None),
            (0o400, true, false, None),
            (0o640, true, false, Some("chmod 600")),
            (0o604, true, false, Some("chmod 600")),
            (0o440, false, false, None),
            (0o660, false, false, None),
            (0o444, false, false, Some("as svc")),
            (0o440, true, true, None),
            (0o444, true, true, Some("mounted read-only")),
            (0o444, false, true, Some("mounted read-only")),
        ] {
            let found = advice(0o100_000 | mode, mine, read_only, owner);
            match part {
                None => assert_eq!(found, None, "{mode:o} {mine} {read_only}"),
                Some(part) => assert!(
                    found.as_deref().is_some_and(|found| found.contains(part)),
                    "{mode:o} {mine} {read_only}: {found:?}"
                ),
            }
        }
    }

    #[test]
    fn users_have_names() {
        assert_eq!(user(0), "root");
        assert!(user(4_000_000_000).contains("4000000000"));
    }

    #[test]
    fn a_command_can_be_pasted() {
        assert_eq!(
            quoted(Path::new("/srv/keys/babysea.db-wal")),
            "/srv/keys/babysea.db-wal"
        );
        assert_eq!(quoted(Path::new("/a b/it's")), r"'/a b/it'\''s'");
    }
}
