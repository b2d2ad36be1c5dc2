//! Keys at rest: HMAC-SHA-256 under a pepper that the database does not hold (docs/security.md, S30 and S31).
//!
//! Why not argon2 for keys: docs/decisions/0001-keys-at-rest.md.

use crate::{
    domain::secret::SecretText,
    server::{
        rng::Rng,
        store::{Store, StoreError, Tables as _},
    },
};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use std::{
    fs::File,
    io::{self, Write as _},
    os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
};

const BYTES: usize = 32;
/// The version that new keys are hashed with.
const VERSION: i64 = 1;
/// What the check value is computed from; no key is spelled like it.
const CHECKED: &str = "babysea pepper check";

/// What a key is found by. It neither prints nor copies.
pub struct KeyHash {
    digest: [u8; 32],
    version: i64,
}

impl KeyHash {
    /// The digest.
    #[must_use]
    pub fn digest(&self) -> &[u8] {
        &self.digest
    }

    /// The version of the pepper it was made with.
    #[must_use]
    pub const fn version(&self) -> i64 {
        self.version
    }
}

/// Why the server refuses to start, in a sentence for whoever runs it.
#[derive(Debug, thiserror::Error)]
pub enum PepperError {
    /// The file is gone while stored keys need it.
    #[error(
        "PEPPER_FILE {0} is missing, and the stored keys cannot be checked without it: restore it from the backup"
    )]
    Missing(PathBuf),
    /// The file holds another pepper.
    #[error("PEPPER_FILE {0} is not the one that the stored keys were made with: restore the right one")]
    Wrong(PathBuf),
    /// The file is not a pepper.
    #[error("PEPPER_FILE {0} must hold 64 hexadecimal digits")]
    Malformed(PathBuf),
    /// Others may read it.
    #[error("PEPPER_FILE {0} can be read by others: run chmod 600 on it")]
    Exposed(PathBuf),
    /// The file cannot be read or made.
    #[error("PEPPER_FILE {path} cannot be used: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The secret that keys are hashed with.
pub struct Pepper(Hmac<Sha256>);

impl Pepper {
    fn new(bytes: &[u8; BYTES]) -> Self {
        // The key schedule is computed once; a hash then starts from a copy of it.
        Self(Hmac::new_from_slice(bytes).expect("HMAC takes keys of any length"))
    }

    /// Reads the pepper, or makes it while nothing depends on one yet.
    ///
    /// # Errors
    /// A sentence for whoever runs the server.
    pub async fn load(path: &Path, store: &Store, rng: &dyn Rng) -> Result<Self, PepperError> {
        let mut reader = store.read().await?;
        let known = reader.peppers().get(VERSION).await?;
        let needed = known.is_some() || reader.peppers().any_key().await?;
        drop(reader);
        let pepper = match read(path)? {
            Some(bytes) => Self::new(&bytes),
            None if needed => return Err(PepperError::Missing(path.to_owned())),
            None => Self::new(&create(path, rng)?),
        };
        let own = pepper.digest(CHECKED);
        let mut tx = store.write().await?;
        tx.peppers().insert(VERSION, &own).await?;
        let known = tx.peppers().get(VERSION).await?;
        tx.commit().await?;
        if known.is_some_and(|known| known == own) {
            Ok(pepper)
        } else {
            Err(PepperError::Wrong(path.to_owned()))
        }
    }

    /// What a key is stored and found by.
    #[must_use]
    pub fn hash(&self, key: &SecretText) -> KeyHash {
        KeyHash {
            digest: self.digest(key.expose()),
            version: VERSION,
        }
    }

    fn digest(&self, text: &str) -> [u8; 32] {
        let mut mac = self.0.clone();
        mac.update(text.as_bytes());
        mac.finalize().into_bytes().into()
    }
}

fn read(path: &Path) -> Result<Option<[u8; BYTES]>, PepperError> {
    let failed = |source| PepperError::File {
        path: path.to_owned(),
        source,
    };
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(error)),
    };
    if std::fs::metadata(path).map_err(failed)?.permissions().mode() & 0o077 != 0 {
        return Err(PepperError::Exposed(path.to_owned()));
    }
    from_hex(text.trim())
        .map(Some)
        .ok_or_else(|| PepperError::Malformed(path.to_owned()))
}

fn create(path: &Path, rng: &dyn Rng) -> Result<[u8; BYTES], PepperError> {
    let bytes = rng.bytes::<BYTES>();
    let write = || -> io::Result<()> {
        let mut file = File::options()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(path)?;
        writeln!(file, "{}", hex::encode(bytes))?;
        file.sync_all()
    };
    write().map_err(|source| PepperError::File {
        path: path.to_owned(),
        source,
    })?;
    Ok(bytes)
}

fn from_hex(text: &str) -> Option<[u8; BYTES]> {
    let mut bytes = [0; BYTES];
    hex::decode_to_slice(text, &mut bytes).ok().map(|()| bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_hmac_sha_256() {
        // RFC 4231 has no 32-byte key; this value is from Python's hmac module.
        let pepper = Pepper::new(&[7; BYTES]);
        let digest = pepper.hash(&SecretText::new("bye_test".into()));
        assert_eq!(
            hex::encode(digest.digest()),
            "433fd671489631895e48b429d1f63374ab25244c603eddb5986b0c049153b422"
        );
    }

    #[test]
    fn hexadecimal() {
        assert_eq!(from_hex(&"0a".repeat(32)), Some([10; 32]));
        for bad in ["", &"0a".repeat(31), &"0g".repeat(32), &"ä".repeat(32)] {
            assert_eq!(from_hex(bad), None, "{bad}");
        }
    }
}
