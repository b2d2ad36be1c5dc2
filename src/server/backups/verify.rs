//! Verifying a backup, and the database that servers use.

use super::{
    BackupError,
    make::compare,
    manifest::{DATABASE, Manifest, PEPPER, folder_of},
    quietly, refuse,
};
use crate::server::{
    secret::{
        key_hash::StoredVersion,
        pepper::{Pepper, PepperError},
    },
    store::{
        Store,
        backup::{CopiedFile, Engine, Facts, Snapshot, verify_sqlite},
    },
};
use std::path::Path;

/// Result of a verification.
#[derive(Debug)]
pub struct Verdict {
    /// Summary, one line.
    pub summary: String,
    /// Faults, one sentence each; empty if there is none.
    pub faults: Vec<String>,
}

/// Verifies a backup: its files, their content, and whether the pepper matches.
///
/// # Errors
/// When it cannot be read at all.
pub async fn verify(dir: &Path, pepper: &Path) -> Result<Verdict, BackupError> {
    let folder = folder_of(dir)?;
    let manifest = Manifest::read(&folder)?;
    manifest.check_schema(&folder)?;
    let (reading, all) = (folder.clone(), manifest.files.clone());
    let mut faults = quietly(move |stopped| {
        let mut faults = Vec::new();
        for part in &all {
            faults.extend(compare(&reading, part, stopped)?);
        }
        Ok(faults)
    })
    .await?;
    let file = folder.join(DATABASE);
    if manifest.engine == Engine::Sqlite && faults.is_empty() {
        faults.extend(verify_sqlite(file.clone()).await?);
    }
    // A damaged file is not read further.
    if manifest.engine == Engine::Sqlite && faults.is_empty() {
        let mut copied = CopiedFile::open(&file).await?;
        faults.extend(manifest.differences(&copied.facts().await?));
        faults.extend(copied.orphans().await?);
        copied.close().await?;
    }
    faults.extend(pepper_fault(&folder, &manifest, pepper));
    let (product, with) = (
        &manifest.product,
        if manifest.has_pepper() { "with" } else { "without" },
    );
    Ok(Verdict {
        summary: format!("{}, {with} the pepper, made by {product}", manifest.summary()),
        faults,
    })
}

/// Whether the pepper's file matches the backup's keys, and so does the pepper in the backup.
fn pepper_fault(folder: &Path, manifest: &Manifest, file: &Path) -> Option<String> {
    let stored = manifest.peppers();
    if manifest.has_pepper() && Pepper::verify(&folder.join(PEPPER), &stored).is_err() {
        return Some("the pepper in the backup is not the one that its keys were stored with".to_owned());
    }
    match Pepper::verify(file, &stored) {
        // The backup includes its pepper.
        Err(PepperError::Missing(_)) if manifest.has_pepper() => None,
        Err(error) => Some(error.to_string()),
        Ok(()) => None,
    }
}

/// Verifies the database that servers may be using.
///
/// # Errors
/// When it cannot be read at all.
pub async fn verify_live(store: &Store, pepper: &Path) -> Result<Verdict, BackupError> {
    let (facts, mut faults) = match Snapshot::begin(store).await? {
        Some(mut snapshot) => {
            let facts = snapshot.facts(true).await?;
            (facts, snapshot.fault().await?)
        }
        None => live_sqlite(store).await?,
    };
    faults.extend(
        Pepper::verify(pepper, &facts.peppers)
            .err()
            .map(|error| error.to_string()),
    );
    Ok(Verdict {
        summary: summary(store.kind(), &facts),
        faults,
    })
}

async fn live_sqlite(store: &Store) -> Result<(Facts, Vec<String>), BackupError> {
    if let Some(file) = store.sqlite_file() {
        let faults = verify_sqlite(file).await?;
        // A damaged file is not read further.
        if !faults.is_empty() {
            return refuse(format!(
                "checks failed: {}. Stop the server, and restore a backup",
                faults.join("; ")
            ));
        }
    }
    Ok(store.survey().await?)
}

fn summary(engine: Engine, facts: &Facts) -> String {
    let rows = facts.rows.iter().map(|(name, rows)| format!("{name} {rows}"));
    let keys = |stored: &StoredVersion| format!("version {} with {} keys", stored.version, stored.keys);
    let versions: Vec<_> = facts.peppers.iter().map(keys).collect();
    format!(
        "{engine}, change {}. Rows: {}. Pepper: {}",
        facts.newest_change,
        rows.collect::<Vec<_>>().join(", "),
        versions.join(", ")
    )
}
