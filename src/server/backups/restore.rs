//! Restoring a backup: it replaces the database.

mod postgres;
mod sqlite;

use super::{
    BackupError,
    manifest::{Manifest, PEPPER, folder_of, stamp},
    refuse,
};
use crate::{
    domain::time::Timestamp,
    server::{
        runtime::files,
        secret::pepper::{self, Pepper, PepperError},
        store::{Location, backup::Engine},
    },
};
use std::path::{Path, PathBuf};

/// Request to restore a backup.
#[derive(Clone, Debug)]
pub struct Restore {
    /// Its folder.
    pub dir: PathBuf,
    /// The database.
    pub database: Location,
    /// The pepper's file.
    pub pepper_file: PathBuf,
    /// `BACKUP_DIR`, which may contain a copy of the journal.
    pub copies: Option<PathBuf>,
    /// Whether to replace an existing database, which is kept under another name.
    pub replace: bool,
    /// Whether to restore without a journal of what ended since the backup.
    pub without_journal: bool,
    /// Time of the request.
    pub at: Timestamp,
}

/// Restores a backup; returns one sentence for each step.
///
/// # Errors
/// One sentence. Nothing was changed then.
pub async fn restore(wanted: &Restore) -> Result<Vec<String>, BackupError> {
    let folder = folder_of(&wanted.dir)?;
    let manifest = Manifest::read(&folder)?;
    let shown = folder.display();
    let engine = match wanted.database {
        Location::Sqlite(_) => Engine::Sqlite,
        Location::Postgres(_) => Engine::Postgres,
    };
    if manifest.engine != engine {
        return refuse(format!(
            "{shown} is a backup of {}, and DATABASE_URL names {engine}: name a database of the same engine",
            manifest.engine
        ));
    }
    manifest.check_schema(&folder)?;
    let needs_pepper = check_pepper(&folder, &manifest, &wanted.pepper_file)?;
    let source = Source {
        folder,
        manifest,
        needs_pepper,
    };
    match &wanted.database {
        Location::Sqlite(named) => sqlite::restore(named, &source, wanted).await,
        Location::Postgres(_) => postgres::restore(&source, wanted).await,
    }
}

/// A backup that passed the checks.
struct Source {
    folder: PathBuf,
    manifest: Manifest,
    /// Whether its pepper has to be restored too.
    needs_pepper: bool,
}

/// Refuses a pepper that does not match. Returns whether the file is missing and the backup includes its own.
fn check_pepper(folder: &Path, manifest: &Manifest, file: &Path) -> Result<bool, BackupError> {
    match Pepper::verify(file, &manifest.peppers()) {
        Ok(()) => Ok(false),
        Err(PepperError::Missing(_)) if manifest.has_pepper() => {
            Pepper::verify(&folder.join(PEPPER), &manifest.peppers())?;
            Ok(true)
        }
        Err(PepperError::Wrong(_)) if manifest.has_pepper() => refuse(format!(
            "PEPPER_FILE {} is not the pepper of the keys in the backup: move it away, and the restore puts the \
             backup's pepper there",
            file.display()
        )),
        Err(error) => Err(error.into()),
    }
}

impl Source {
    /// Restores the backup's pepper if the file is missing.
    fn put_pepper(&self, file: &Path) -> Result<(), BackupError> {
        if !self.needs_pepper {
            return Ok(());
        }
        let contents = pepper::contents(&self.folder.join(PEPPER))?;
        let failed = |error: std::io::Error| BackupError::of_file(file, &error);
        files::make_folder(files::folder_of(file)).map_err(failed)?;
        files::make_once(file, contents.as_bytes()).map_err(failed)?;
        // Another process may have created the file first: verify the file that is there now.
        Ok(Pepper::verify(file, &self.manifest.peppers())?)
    }

    fn done(&self) -> String {
        format!("restored {}: {}", self.folder.display(), self.manifest.summary())
    }

    /// What the restored database lacks since the backup, and what to do about it.
    fn lost(&self) -> String {
        format!(
            "what was revoked or removed after {} is not known: keys that were revoked, deleted or rotated since then \
             work again, removed members are back in their teams, and old passwords are valid again. To end access \
             that may be compromised, run babysea key revoke --all (or --account SLUG), babysea member remove and \
             babysea user password",
            self.manifest.made_at
        )
    }
}
