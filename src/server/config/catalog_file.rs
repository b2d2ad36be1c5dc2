//! The catalogue in effect: from the file that `CATALOG` names, or the vendor's.

use crate::{
    domain::{
        catalog::{Catalog, FileError},
        time::Timestamp,
    },
    server::store::{Store, StoreError, Tables as _},
};
use rustix::fs::OFlags;
use std::{
    collections::BTreeMap,
    fs::File,
    io::{self, Read as _},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

/// Maximum size of a catalogue file; a hundred times that of the vendor's.
const MOST_BYTES: u64 = 1024 * 1024;

/// Why a catalogue file is refused, in a sentence for its author.
#[derive(Debug, thiserror::Error)]
pub enum CatalogError {
    /// The file cannot be read.
    #[error("CATALOG {path} cannot be read: {source}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// The file is not a valid catalogue.
    #[error("CATALOG {path}, {fault}")]
    Faulty {
        /// The file.
        path: PathBuf,
        /// The error, with its line.
        fault: FileError,
    },
    /// The file lacks a scope of live keys.
    #[error("CATALOG lacks the scope {scope}, which {keys} live {} have: keep it, or revoke those keys first", if *.keys == 1 { "key" } else { "keys" })]
    InUse {
        /// The scope.
        scope: String,
        /// Number of live keys with it.
        keys: u64,
    },
    /// The keys could not be read.
    #[error("CATALOG could not be compared with the keys: {0}")]
    Store(#[from] StoreError),
}

/// Reads a regular text file of limited size; pipes and devices, which could block, are refused.
fn read_text(path: &Path) -> io::Result<String> {
    let nonblocking = i32::try_from(OFlags::NONBLOCK.bits()).map_err(io::Error::other)?;
    let file = File::options().read(true).custom_flags(nonblocking).open(path)?;
    if !file.metadata()?.is_file() {
        return Err(io::Error::other(
            "it is not a file but a folder, a pipe or a device",
        ));
    }
    let mut text = String::new();
    file.take(MOST_BYTES + 1).read_to_string(&mut text)?;
    if text.len() as u64 > MOST_BYTES {
        return Err(io::Error::other("it has more than 1 MiB"));
    }
    Ok(text)
}

/// Reads the file, and checks that it has every scope of a live key, because the scopes of a key never
/// change.
///
/// # Errors
/// What is wrong with the file.
pub async fn read(file: Option<&Path>, store: &Store, now: Timestamp) -> Result<Catalog, CatalogError> {
    let catalog = match file {
        None => Catalog::vendor(),
        Some(path) => {
            let file = path.to_owned();
            let text = tokio::task::spawn_blocking(move || read_text(&file)).await;
            let text = text.unwrap_or_else(|_| Err(io::Error::other("it could not be read")));
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

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::fs::{CWD, Mode};

    #[test]
    fn only_a_file_of_moderate_size_is_read() {
        let folder = tempfile::tempdir().expect("a folder");
        let at = |name: &str| folder.path().join(name);
        std::fs::write(at("text"), "words").expect("a file");
        assert_eq!(read_text(&at("text")).expect("text"), "words");
        std::os::unix::fs::symlink(at("text"), at("link")).expect("a link");
        assert_eq!(read_text(&at("link")).expect("text"), "words");
        rustix::fs::mkfifoat(CWD, at("pipe"), Mode::RUSR | Mode::WUSR).expect("a pipe");
        let huge = File::create(at("huge")).expect("a file");
        huge.set_len(MOST_BYTES + 1).expect("its length");
        std::fs::write(at("bytes"), [0xff, 0xfe]).expect("a file");
        for (path, part) in [
            (at("pipe"), "not a file"),
            (folder.path().to_owned(), "not a file"),
            ("/dev/zero".into(), "not a file"),
            (at("huge"), "more than 1 MiB"),
            (at("bytes"), "UTF-8"),
            (at("nothing"), "No such file"),
        ] {
            let error = read_text(&path).expect_err(part).to_string();
            assert!(error.contains(part), "{}: {error}", path.display());
        }
    }
}
