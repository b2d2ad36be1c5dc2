//! Keys at rest: HMAC-SHA-256 under a pepper that the database does not hold (docs/security.md, S30 and S31).
//!
//! Why not argon2 for keys: docs/decisions/0001-keys-at-rest.md.

mod mac;

pub use mac::Purpose;

use crate::{
    domain::{network::canonical, secret::SecretText},
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
    net::IpAddr,
    os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
};

const BYTES: usize = 32;
/// Stands in the file for a version that is no longer needed.
const REMOVED: &str = "-";
/// What the check value is computed from; no key is spelled like it.
const CHECKED: &[u8] = b"babysea pepper check";
/// Hex digits of an address's hash that are kept: enough to tell clients apart.
const ADDRESS_DIGITS: usize = 12;

/// What a key is found by. It neither prints nor copies.
pub struct KeyHash {
    digest: [u8; 32],
    version: i64,
}

impl KeyHash {
    /// The digest.
    #[must_use]
    pub fn digest(&self) -> &[u8; 32] {
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
    /// A version that stored keys need is not in the file.
    #[error(
        "PEPPER_FILE {path} lacks version {version}, and {keys} stored keys cannot be checked without it: restore the file from the backup"
    )]
    Removed {
        /// The file.
        path: PathBuf,
        /// The version, which is the number of its line.
        version: i64,
        /// Keys that are stored under it.
        keys: u64,
    },
    /// The file is not a pepper.
    #[error(
        "PEPPER_FILE {0} must hold 64 hexadecimal digits on each line, or - for a version that was removed"
    )]
    Malformed(PathBuf),
    /// A version that is not in the file, or the last one, which new keys are stored under.
    #[error("PEPPER_FILE {path} has no version {version} that could be removed")]
    NotThere {
        /// The file.
        path: PathBuf,
        /// The version.
        version: i64,
    },
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

/// The secrets that keys are hashed with. The file has one on each line, whose number is its version; the last is the
/// present one, which new keys are stored under. A key that is stored under an older one goes on working and is stored
/// under the present one when it is used (docs/security.md, S32).
pub struct Pepper {
    present: Version,
    older: Vec<Version>,
}

/// One line of the file. The key schedule is computed once; a hash then starts from a copy of it.
struct Version(i64, Hmac<Sha256>);

impl Version {
    fn new(version: i64, bytes: &[u8; BYTES]) -> Self {
        Self(
            version,
            Hmac::new_from_slice(bytes).expect("HMAC takes keys of any length"),
        )
    }

    fn digest(&self, parts: &[&[u8]]) -> [u8; 32] {
        let mut mac = self.1.clone();
        for part in parts {
            mac.update(part);
        }
        mac.finalize().into_bytes().into()
    }

    fn hash(&self, key: &SecretText) -> KeyHash {
        KeyHash {
            digest: self.digest(&[key.expose().as_bytes()]),
            version: self.0,
        }
    }
}

impl Pepper {
    /// Reads the pepper, or makes it while nothing depends on one yet.
    ///
    /// # Errors
    /// A sentence for whoever runs the server.
    pub async fn load(path: &Path, store: &Store, rng: &dyn Rng) -> Result<Self, PepperError> {
        let mut reader = store.read().await?;
        let needed = reader.peppers().any().await? || reader.peppers().any_key().await?;
        drop(reader);
        let lines = match read(path)? {
            Some(lines) => lines,
            None if needed => return Err(PepperError::Missing(path.to_owned())),
            None => {
                let bytes = rng.bytes::<BYTES>();
                write(path, &[Some(bytes)])?;
                vec![Some(bytes)]
            }
        };
        let pepper = Self::from_lines(&lines).ok_or_else(|| PepperError::Malformed(path.to_owned()))?;
        let mut tx = store.write().await?;
        for version in pepper.versions() {
            tx.peppers()
                .insert(version.0, &version.digest(&[CHECKED]))
                .await?;
        }
        let known = tx.peppers().all().await?;
        tx.commit().await?;
        for stored in known {
            let version = pepper.versions().find(|version| version.0 == stored.version);
            match version {
                Some(version) if version.digest(&[CHECKED])[..] == stored.check_value[..] => {}
                None if stored.keys == 0 => {}
                None => {
                    return Err(PepperError::Removed {
                        path: path.to_owned(),
                        version: stored.version,
                        keys: stored.keys.unsigned_abs(),
                    });
                }
                Some(_) => return Err(PepperError::Wrong(path.to_owned())),
            }
        }
        Ok(pepper)
    }

    fn from_lines(lines: &Lines) -> Option<Self> {
        let mut versions: Vec<_> = (1..)
            .zip(lines)
            .filter_map(|(version, bytes)| bytes.as_ref().map(|bytes| Version::new(version, bytes)))
            .collect();
        let present = versions.pop()?;
        versions.reverse();
        Some(Self {
            present,
            older: versions,
        })
    }

    fn versions(&self) -> impl Iterator<Item = &Version> {
        self.older.iter().chain([&self.present])
    }

    /// What a key is stored under and found by.
    #[must_use]
    pub fn hash(&self, key: &SecretText) -> KeyHash {
        self.present.hash(key)
    }

    /// What a key is found by that was stored under an earlier version, the latest first.
    pub fn older_hashes(&self, key: &SecretText) -> impl Iterator<Item = KeyHash> {
        self.older.iter().map(|version| version.hash(key))
    }

    /// What is kept of a client's address: 12 hexadecimal digits that tell clients apart and do not lead back to the
    /// address, as a plain hash of so few possible values would. It changes with the present version.
    #[must_use]
    pub fn address_hash(&self, address: IpAddr) -> String {
        // No key begins so: the two uses of the pepper cannot meet.
        let digest = match canonical(address) {
            IpAddr::V4(address) => self.present.digest(&[b"address ", &address.octets()]),
            IpAddr::V6(address) => self.present.digest(&[b"address ", &address.octets()]),
        };
        hex::encode(&digest[..ADDRESS_DIGITS / 2])
    }
}

/// Adds a version to the file; new keys are stored under it once the servers have been started again. Returns it.
///
/// # Errors
/// A sentence for whoever runs the server.
pub fn add_version(path: &Path, rng: &dyn Rng) -> Result<usize, PepperError> {
    let mut lines = read(path)?.ok_or_else(|| PepperError::Missing(path.to_owned()))?;
    lines.push(Some(rng.bytes()));
    write(path, &lines)?;
    Ok(lines.len())
}

/// Takes a version out of the file that no stored key needs.
///
/// # Errors
/// `Removed` with the number of keys that need it, or another sentence for whoever runs the server.
pub async fn remove_version(path: &Path, store: &Store, version: i64) -> Result<(), PepperError> {
    let mut lines = read(path)?.ok_or_else(|| PepperError::Missing(path.to_owned()))?;
    let last = i64::try_from(lines.len()).unwrap_or(i64::MAX);
    let line = usize::try_from(version).ok().and_then(|n| n.checked_sub(1));
    let line = line
        .and_then(|line| lines.get_mut(line))
        .filter(|line| line.is_some());
    let (Some(line), false) = (line, version == last) else {
        return Err(PepperError::NotThere {
            path: path.to_owned(),
            version,
        });
    };
    *line = None;
    let mut tx = store.write().await?;
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
        });
    }
    // Keys name their version with a foreign key: a server that stores one under it meanwhile makes this fail.
    tx.peppers().delete(version).await?;
    tx.commit().await?;
    write(path, &lines)
}

/// The lines of the file in their order; a removed version is none.
type Lines = [Option<[u8; BYTES]>];

fn read(path: &Path) -> Result<Option<Vec<Option<[u8; BYTES]>>>, PepperError> {
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
    let lines = text.trim_end().lines().map(|line| match line.trim() {
        REMOVED => Some(None),
        line => from_hex(line).map(Some),
    });
    lines
        .collect::<Option<Vec<_>>>()
        .filter(|lines| matches!(lines.last(), Some(Some(_))))
        .map(Some)
        .ok_or_else(|| PepperError::Malformed(path.to_owned()))
}

/// Writes the file beside its old self and puts it in its place, so that there is a whole one at every moment.
fn write(path: &Path, lines: &Lines) -> Result<(), PepperError> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".new");
    let write = || -> io::Result<()> {
        let mut file = File::options()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&beside)?;
        for line in lines {
            let line = line.map_or_else(|| REMOVED.to_owned(), hex::encode);
            writeln!(file, "{line}")?;
        }
        file.sync_all()?;
        std::fs::rename(&beside, path)
    };
    write().map_err(|source| PepperError::File {
        path: path.to_owned(),
        source,
    })
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
        let pepper = Pepper::from_lines(&[Some([7; BYTES])]).expect("a pepper");
        let digest = pepper.hash(&SecretText::new("bye_test".into()));
        assert_eq!(
            hex::encode(digest.digest()),
            "433fd671489631895e48b429d1f63374ab25244c603eddb5986b0c049153b422"
        );
    }

    #[test]
    fn the_last_line_is_the_present_version() {
        let secret = SecretText::new("bye_test".into());
        let pepper = Pepper::from_lines(&[Some([7; BYTES]), None, Some([8; BYTES]), Some([9; BYTES])])
            .expect("a pepper");
        assert_eq!(pepper.hash(&secret).version(), 4);
        let older: Vec<_> = pepper.older_hashes(&secret).map(|hash| hash.version()).collect();
        assert_eq!(older, [3, 1]);
    }

    #[test]
    fn an_address_is_one_in_both_spellings() {
        let pepper = Pepper::from_lines(&[Some([7; BYTES])]).expect("a pepper");
        let hash = |text: &str| pepper.address_hash(text.parse().expect("an address"));
        assert_eq!(hash("203.0.113.7"), hash("::ffff:203.0.113.7"));
        assert_ne!(hash("203.0.113.7"), hash("203.0.113.8"));
        assert_eq!(hash("203.0.113.7").len(), 12);
    }

    #[test]
    fn hexadecimal() {
        assert_eq!(from_hex(&"0a".repeat(32)), Some([10; 32]));
        for bad in ["", &"0a".repeat(31), &"0g".repeat(32), &"ä".repeat(32)] {
            assert_eq!(from_hex(bad), None, "{bad}");
        }
    }
}
