//! The pepper's file and the database together: loading the pepper at a start, and removing a version
//! (docs/security.md, S31 and S32).

use crate::server::{
    runtime::rng::Rng,
    secret::pepper::{Pepper, PepperError, PepperFile, Removal},
    store::{Store, StoreError, Tables as _},
};
use std::path::Path;

/// Maximum number of reads of the file while commands change it.
const READINGS: u32 = 5;

/// Why the pepper cannot be used or changed.
#[derive(Debug, thiserror::Error)]
pub enum PepperFailure {
    /// An error of the file, in a sentence for the server operator.
    #[error(transparent)]
    File(#[from] PepperError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Loads the pepper, or creates it while no key depends on one. The result matches the file and the check
/// values in the database, also if several servers start at the same moment: they take turns, and the first
/// one's pepper is used (docs/security.md, S91).
pub async fn load(path: &Path, store: &Store, rng: &dyn Rng) -> Result<Pepper, PepperFailure> {
    for _ in 0..READINGS {
        let mut tx = store.write().await?;
        tx.peppers().take_turn().await?;
        let file = match PepperFile::read(path)? {
            Some(file) => file,
            None if tx.peppers().any().await? || tx.peppers().any_key().await? => {
                return Err(PepperError::Missing(path.to_owned()).into());
            }
            // Written to disk before the database records it: a crash in between leaves a pepper that no key
            // needs.
            None => PepperFile::make(path, rng.bytes().into())?,
        };
        let pepper = file.pepper(path)?;
        for (version, check_value) in pepper.check_values() {
            tx.peppers().insert(version, &check_value).await?;
        }
        pepper.compare(&tx.peppers().all().await?, path)?;
        tx.commit().await?;
        // Check that no command has replaced the file meanwhile.
        if PepperFile::read(path)?.as_ref() == Some(&file) {
            return Ok(pepper);
        }
    }
    Err(PepperError::Changing(path.to_owned()).into())
}

/// Removes a version that no stored key needs from the file.
///
/// # Errors
/// `Removed` with the number of keys that need it, or another sentence for the server operator.
pub async fn remove_version(path: &Path, store: &Store, version: i64) -> Result<(), PepperFailure> {
    let removal = Removal::begin(path, version)?;
    let mut tx = store.write().await?;
    tx.peppers().take_turn().await?;
    let stored = tx.peppers().all().await?;
    let keys = stored
        .iter()
        .find(|stored| stored.version == version)
        .map_or(0, |stored| stored.keys);
    if keys > 0 {
        return Err(PepperError::Removed {
            path: path.to_owned(),
            version,
            keys: keys.unsigned_abs(),
        }
        .into());
    }
    // Checked before any change: if the file cannot be replaced, the database stays as it is.
    let next = removal.prepare()?;
    // Keys reference their version with a foreign key: this fails if a server stores a key under it
    // meanwhile.
    tx.peppers().delete(version).await?;
    tx.commit().await?;
    Ok(next.put_in_place()?)
}
