//! The catalogue in force: read from the file that `CATALOG` names, the vendor's without one.

use super::store::{Store, StoreError, Tables as _};
use crate::domain::{
    catalog::{Catalog, FileError},
    time::Timestamp,
};
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

/// Why a file is not used, in a sentence for whoever wrote it.
#[derive(Debug, thiserror::Error)]
pub enum CatalogError {
    /// The file cannot be read.
    #[error("CATALOG {path} cannot be read: {source}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It is no catalogue.
    #[error("CATALOG {path}, {fault}")]
    Faulty {
        /// The file.
        path: PathBuf,
        /// Where and what.
        fault: FileError,
    },
    /// It lacks a scope that keys have.
    #[error("CATALOG lacks the scope {scope}, which {keys} live {} have: keep it, or let those keys end first", if *.keys == 1 { "key" } else { "keys" })]
    InUse {
        /// The scope.
        scope: String,
        /// How many keys have it.
        keys: u64,
    },
    /// The keys could not be looked at.
    #[error("CATALOG could not be compared with the keys: {0}")]
    Store(#[from] StoreError),
}

/// Reads the file, and makes sure that every scope of a live key is in it: the scopes of a key never change.
///
/// # Errors
/// What is wrong with it.
pub async fn read(file: Option<&Path>, store: &Store, now: Timestamp) -> Result<Catalog, CatalogError> {
    let catalog = match file {
        None => Catalog::vendor(),
        Some(path) => {
            let text = tokio::fs::read_to_string(path).await;
            let text = text.map_err(|source| CatalogError::Unreadable {
                path: path.to_owned(),
                source,
            })?;
            Catalog::parse(&text).map_err(|fault| CatalogError::Faulty {
                path: path.to_owned(),
                fault,
            })?
        }
    };
    let mut lacking = BTreeMap::new();
    for (scopes, keys) in store.read().await?.keys().scopes_in_use(now).await? {
        for scope in scopes
            .iter()
            .filter(|scope| !catalog.scopes.iter().any(|known| known == scope))
        {
            *lacking.entry(scope.to_owned()).or_default() += keys;
        }
    }
    match lacking.pop_first() {
        Some((scope, keys)) => Err(CatalogError::InUse { scope, keys }),
        None => Ok(catalog),
    }
}
