//! The pepper's file and the database together: reading it at a start, and taking a version out of it (docs/security.md,
//! S31 and S32).

use crate::server::{
    runtime::rng::Rng,
    secret::pepper::{Pepper, PepperError, PepperFile, Removal},
    store::{Store, StoreError, Tables as _},
};
use std::path::Path;

/// How often the file is read again while commands change it.
const READINGS: u32 = 5;

/// Why the pepper cannot be used or changed.
#[derive(Debug, thiserror::Error)]
pub enum PepperFailure {
    /// It is the file, in a sentence for the server operator.
    #[error(transparent)]
    File(#[from] PepperError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Reads the pepper, or makes it while nothing depends on one yet. What it returns is what the file holds now and what
/// the database has the check values of, also where several servers start at the same moment: they take turns, and the
/// first one's pepper counts (docs/security.md, S91).
///
/// # Errors
/// A sentence for the server operator.
pub async fn load(path: &Path, store: &Store, rng: &dyn Rng) -> Result<Pepper, PepperFailure> {
    for _ in 0..READINGS {
        let mut tx = store.write().await?;
        tx.peppers().take_turn().await?;
        let file = match PepperFile::read(path)? {
            Some(file) => file,
            None if tx.peppers().any().await? || tx.peppers().any_key().await? => {
                return Err(PepperError::Missing(path.to_owned()).into());
            }
            // It is on disk before the database knows of it: a crash in between leaves a pepper that nothing needs.
            None => PepperFile::make(path, rng.bytes().into())?,
        };
        let pepper = file.pepper(path)?;
        for (version, check_value) in pepper.check_values() {
            tx.peppers().insert(version, &check_value).await?;
        }
        pepper.compare(&tx.peppers().all().await?, path)?;
        tx.commit().await?;
        // A command may have replaced the file meanwhile.
        if PepperFile::read(path)?.as_ref() == Some(&file) {
            return Ok(pepper);
        }
    }
    Err(PepperError::Changing(path.to_owned()).into())
}

/// Takes a version out of the file that no stored key needs.
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
    // Keys name their version with a foreign key: a server that stores one under it meanwhile makes this fail.
    tx.peppers().delete(version).await?;
    tx.commit().await?;
    Ok(next.put_in_place()?)
}
