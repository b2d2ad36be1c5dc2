//! Backups: one folder each, with a manifest that is written last (docs/security.md, S82). A folder without a
//! manifest is no backup. A backup that does not match its manifest is not restored.

mod folder;
mod known;
mod make;
mod manifest;
mod restore;
mod verify;

pub use known::{Known, Shelf};
pub use make::{Order, make};
pub use manifest::{Manifest, stamp};
pub use restore::{Restore, restore};
pub use verify::{Verdict, verify, verify_live};

use super::{
    secret::pepper::PepperError,
    store::{ConnectError, StoreError, backup::CopyError},
};
use std::{io, path::Path};

/// Why a backup was not created, verified or restored, in a sentence for the server operator.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// A reason of its own, and what to do.
    #[error("{0}")]
    Refused(String),
    /// The database could not be copied or filled.
    #[error(transparent)]
    Copy(#[from] CopyError),
    /// The database could not be opened.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// The pepper is missing or another one.
    #[error(transparent)]
    Pepper(#[from] PepperError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl BackupError {
    fn of_file(path: &Path, error: &io::Error) -> Self {
        CopyError::of_file(path, error).into()
    }
}

fn refuse<T>(sentence: String) -> Result<T, BackupError> {
    Err(BackupError::Refused(sentence))
}

/// Runs file work on a background thread of low priority.
async fn quietly<T: Send + 'static>(
    work: impl FnOnce(&super::runtime::quiet_thread::Stopped) -> Result<T, BackupError> + Send + 'static,
) -> Result<T, BackupError> {
    let done = super::runtime::quiet_thread::run(work).await;
    done.unwrap_or_else(|error| {
        refuse(format!(
            "the background thread did not start, or ended early: {error}"
        ))
    })
}
