//! Restores an SQLite file from a backup.

use super::{Restore, Source, stamp};
use crate::server::{
    backups::{BackupError, folder::digest, manifest::DATABASE, quietly, refuse},
    runtime::files,
    store::backup::{CopiedFile, Destination, kept_name},
};
use rustix::process::geteuid;
use std::{
    ffi::OsString,
    fs::{self, File, Permissions},
    io::Write as _,
    os::unix::fs::{MetadataExt as _, PermissionsExt as _, fchown},
    path::{Path, PathBuf},
};
use tempfile::{Builder, TempPath};

/// Separates the database's name from the random suffix in the name of the temporary file.
const NEXT: &str = ".restore-";
const RANDOM: usize = 16;
/// Suffix of the journal, beside the database file.
const JOURNAL: &str = ".endings";

pub(super) async fn restore(
    named: &Path,
    source: &Source,
    wanted: &Restore,
) -> Result<Vec<String>, BackupError> {
    let target = files::make_folder(files::folder_of(named)).and_then(|()| files::target(named));
    let target = target.map_err(|error| BackupError::of_file(named, &error))?;
    check_user(files::folder_of(&target))?;
    let destination = Destination::take(named)?;
    let path = destination.path().to_owned();
    let shown = path.display();
    if destination.has_database() && !wanted.replace {
        return refuse(format!(
            "there is already a database {shown}: add --replace, which keeps it under another name, or name another \
             file"
        ));
    }
    let journal = journal_of(&path, wanted.copies.as_deref());
    if journal.is_none() && !wanted.without_journal {
        return refuse(format!(
            "there is no journal {shown}{JOURNAL} beside the database and no copy of it in BACKUP_DIR, so it is not \
             known what was revoked or removed after {}: keys that were revoked since then would work again. Put the \
             journal there, or add --without-journal",
            source.manifest.made_at
        ));
    }
    let next = copy(source, &path).await?;
    check(source, &next).await?;
    destination.settle().await?;
    source.put_pepper(&wanted.pepper_file)?;
    let kept = kept_name(&path, &stamp(wanted.at));
    let put = destination.put(&next, &kept);
    put.map_err(|error| BackupError::of_file(&path, &error))?;
    // Renamed: dropping must not remove the file.
    let _ = next.keep();
    let mut report = vec![format!("{}, to {shown}", source.done())];
    if destination.has_database() {
        report.push(format!("the previous database is kept as {}", kept.display()));
    }
    report.push("everyone has to sign in again".to_owned());
    report.push(match journal {
        Some(journal) => format!(
            "the next start applies {}, so that what was revoked, removed or changed since stays in effect",
            journal.display()
        ),
        None => source.lost(),
    });
    Ok(report)
}

/// The journal beside a database file, or its copy in `BACKUP_DIR`, if one of them exists.
fn journal_of(database: &Path, copies: Option<&Path>) -> Option<PathBuf> {
    let mut name = database.file_name()?.to_owned();
    name.push(JOURNAL);
    let copy = copies.map(|folder| folder.join(&name));
    let places = [Some(database.with_file_name(&name)), copy];
    places.into_iter().flatten().find(|path| path.is_file())
}

/// Copies the backup's database to a temporary file beside the target, and compares it with the manifest.
async fn copy(source: &Source, path: &Path) -> Result<TempPath, BackupError> {
    let (from, to) = (source.folder.join(DATABASE), path.to_owned());
    let Some(part) = source.manifest.part(DATABASE).cloned() else {
        return refuse(format!("{} has no database", source.folder.display()));
    };
    quietly(move |stopped| {
        let failed = |error: std::io::Error| BackupError::of_file(&to, &error);
        let folder = files::folder_of(&to);
        let prefix = prefix(&to);
        // Safe: the lock on the target excludes other restores.
        files::remove_temporary(folder, &prefix, RANDOM);
        let next = Builder::new()
            .prefix(&prefix)
            .suffix("")
            .rand_bytes(RANDOM)
            .permissions(Permissions::from_mode(0o600))
            .tempfile_in(folder)
            .map_err(failed)?;
        own(next.as_file(), &to)?;
        let mut file = next.as_file();
        let found = digest(&from, stopped, |piece| file.write_all(piece).map_err(failed))?;
        if found != part {
            return refuse(format!(
                "{} is damaged: it has changed since the backup was made. Restore another backup",
                from.display()
            ));
        }
        file.sync_all().map_err(failed)?;
        Ok(next.into_temp_path())
    })
    .await
}

/// Copies owner, group and mode from the replaced file.
fn own(file: &File, path: &Path) -> Result<(), BackupError> {
    let failed = |error: std::io::Error| BackupError::of_file(path, &error);
    let Ok(old) = fs::metadata(path) else {
        return file
            .set_permissions(Permissions::from_mode(0o600))
            .map_err(failed);
    };
    let own = file.metadata().map_err(failed)?;
    if (own.uid(), own.gid()) != (old.uid(), old.gid()) {
        fchown(file, Some(old.uid()), Some(old.gid())).map_err(|_| not_ours(path, old.uid()))?;
    }
    file.set_permissions(Permissions::from_mode(old.mode() & 0o777))
        .map_err(failed)
}

/// Refuses to create files as root in a folder of another user, because that user's server could not use
/// them.
fn check_user(folder: &Path) -> Result<(), BackupError> {
    let found = fs::metadata(folder).map_err(|error| BackupError::of_file(folder, &error))?;
    if geteuid().is_root() && found.uid() != 0 {
        return Err(not_ours(folder, found.uid()));
    }
    Ok(())
}

fn not_ours(path: &Path, owner: u32) -> BackupError {
    BackupError::Refused(format!(
        "{} belongs to {}: run this command as that user",
        path.display(),
        files::user(owner)
    ))
}

fn prefix(path: &Path) -> OsString {
    let mut prefix = OsString::from(".");
    prefix.push(path.file_name().unwrap_or_default());
    prefix.push(NEXT);
    prefix
}

/// Compares the content of the copied file with the manifest.
async fn check(source: &Source, next: &Path) -> Result<(), BackupError> {
    let mut copied = CopiedFile::open(next).await?;
    let facts = copied.facts().await?;
    copied.close().await?;
    let differences = source.manifest.differences(&facts);
    if differences.is_empty() {
        return Ok(());
    }
    refuse(format!(
        "{} does not match its manifest: {}. Restore another backup",
        source.folder.display(),
        differences.join("; ")
    ))
}
