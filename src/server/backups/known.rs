//! The scheduled backups of a server: their list, the age of the newest, and the removal of old ones.

use super::{
    BackupError,
    folder::{discard, sweep},
    manifest::Manifest,
};
use crate::{domain::time::Timestamp, server::runtime::files};
use std::{
    fs,
    path::{Path, PathBuf},
    sync::atomic::{AtomicI64, AtomicU64, Ordering::Relaxed},
};

/// Stored while there is no backup.
const NONE: i64 = i64::MIN;

/// State of the scheduled backups, for `/readyz` and the metrics.
#[derive(Debug)]
pub struct Known {
    newest: AtomicI64,
    failures: AtomicU64,
}

impl Default for Known {
    fn default() -> Self {
        Self {
            newest: AtomicI64::new(NONE),
            failures: AtomicU64::new(0),
        }
    }
}

impl Known {
    /// Time of the newest complete backup.
    #[must_use]
    pub fn newest(&self) -> Option<Timestamp> {
        match self.newest.load(Relaxed) {
            NONE => None,
            millis => Some(Timestamp::from_millis(millis)),
        }
    }

    /// Sets the time of the newest backup.
    pub fn set_newest(&self, at: Option<Timestamp>) {
        self.newest.store(at.map_or(NONE, Timestamp::millis), Relaxed);
    }

    /// Counts a failed backup.
    pub fn failed(&self) {
        self.failures.fetch_add(1, Relaxed);
    }

    /// Failed backups since the start.
    #[must_use]
    pub fn failures(&self) -> u64 {
        self.failures.load(Relaxed)
    }
}

/// The folder with the scheduled backups.
#[derive(Clone, Debug)]
pub struct Shelf(pub PathBuf);

impl Shelf {
    /// The complete backups with names in the format of [`super::stamp`], oldest first. Other folders are ignored.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn list(&self) -> Result<Vec<(PathBuf, Timestamp)>, BackupError> {
        let failed = |error: std::io::Error| BackupError::of_file(&self.0, &error);
        files::make_folder(&self.0).map_err(failed)?;
        let mut found = Vec::new();
        for entry in fs::read_dir(&self.0).map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            if is_ours(&path)
                && let Ok(manifest) = Manifest::read(&path)
            {
                found.push((path, Timestamp::from_millis(manifest.made_at_millis)));
            }
        }
        found.sort_by_key(|&(_, at)| at);
        Ok(found)
    }

    /// Removes all but the newest `keep` backups, and the leftovers of killed processes.
    ///
    /// # Errors
    /// When one cannot be removed.
    pub fn trim(&self, keep: usize) -> Result<(), BackupError> {
        let all = self.list()?;
        let too_many = all.len().saturating_sub(keep);
        for (path, _) in &all[..too_many] {
            discard(path).map_err(|error| BackupError::of_file(path, &error))?;
        }
        sweep(&self.0, None);
        Ok(())
    }
}

/// Whether a folder has a name as [`super::stamp`] writes it.
fn is_ours(path: &Path) -> bool {
    const FORM: &[u8] = b"00000000T000000_000Z";
    let name = path.file_name().unwrap_or_default().as_encoded_bytes();
    let fits = |(form, byte): (&u8, &u8)| match form {
        b'0' => byte.is_ascii_digit(),
        form => form == byte,
    };
    name.len() == FORM.len() && FORM.iter().zip(name).all(fits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_ours() {
        let name = super::super::stamp(Timestamp::from_millis(1_795_458_003_007));
        assert_eq!(name, "20261123T182003_007Z");
        for (name, expected) in [
            (name.as_str(), true),
            (".20261123T182003_007Z", false),
            ("20261123T182003_007", false),
            ("before the upgrade", false),
        ] {
            assert_eq!(is_ours(Path::new(name)), expected, "{name}");
        }
    }
}
