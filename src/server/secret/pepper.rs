//! Stored keys: HMAC-SHA-256 under a pepper that is not in the database (docs/security.md, S30 and S31).
//!
//! Why not argon2 for keys: docs/decisions/0001-keys-at-rest.md.

mod error;
mod file;
mod mac;

pub use error::PepperError;
pub use file::{PepperFile, Removal, add_version, contents};
pub use mac::Purpose;

use crate::{
    domain::{network::canonical, secret_text::SecretText},
    server::secret::key_hash::{KeyHash, StoredVersion},
};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use std::{net::IpAddr, path::Path};
use zeroize::Zeroizing;

const BYTES: usize = 32;
/// The secret of a version. Its memory is overwritten on drop, and so is the state of its HMAC.
type Secret = Zeroizing<[u8; BYTES]>;
/// Input of the check value; no key has this text.
const CHECKED: &[u8] = b"babysea pepper check";
/// Hex digits of a stored address hash: enough to tell clients apart.
const ADDRESS_DIGITS: usize = 12;

/// The secrets that keys are hashed with. The file has one on each line; the line number is the version, and
/// the last version is the current one. A key that is stored under an older version keeps working, and is
/// stored under the current one at its next use (docs/security.md, S32).
pub struct Pepper {
    present: Version,
    older: Vec<Version>,
}

/// A version. The HMAC key schedule is computed once; each hash starts from a copy of it.
struct Version(i64, Hmac<Sha256>);

impl Version {
    fn new(version: i64, secret: &Secret) -> Self {
        Self(
            version,
            Hmac::new_from_slice(secret.as_slice()).expect("HMAC takes keys of any length"),
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
        KeyHash::new(self.digest(&[key.expose().as_bytes()]), self.0)
    }
}

impl Pepper {
    /// Checks that the file holds every version that these stored keys need. Creates and changes nothing.
    pub fn verify(path: &Path, stored: &[StoredVersion]) -> Result<(), PepperError> {
        let file = PepperFile::read(path)?.ok_or_else(|| PepperError::Missing(path.to_owned()))?;
        file.pepper(path)?.compare(stored, path)
    }

    /// Number and check value of each version.
    pub fn check_values(&self) -> impl Iterator<Item = (i64, [u8; 32])> {
        self.versions()
            .map(|version| (version.0, version.digest(&[CHECKED])))
    }

    /// Compares the versions with the stored check values.
    ///
    /// # Errors
    /// `Removed` if stored keys need a version that the file lacks, `Wrong` if a version has another secret.
    pub fn compare(&self, stored: &[StoredVersion], path: &Path) -> Result<(), PepperError> {
        for stored in stored {
            let version = self.versions().find(|version| version.0 == stored.version);
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
        Ok(())
    }

    fn from_lines(lines: &[Option<Secret>]) -> Option<Self> {
        let mut versions: Vec<_> = (1..)
            .zip(lines)
            .filter_map(|(version, secret)| secret.as_ref().map(|secret| Version::new(version, secret)))
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

    /// Hash of a key under the current version.
    #[must_use]
    pub fn hash(&self, key: &SecretText) -> KeyHash {
        self.present.hash(key)
    }

    /// Hashes of a key under earlier versions, latest first.
    pub fn older_hashes(&self, key: &SecretText) -> impl Iterator<Item = KeyHash> {
        self.older.iter().map(|version| version.hash(key))
    }

    /// Hash of a client's address: 12 hexadecimal digits that tell clients apart. Without the pepper they
    /// cannot be reversed, as a plain hash of so few possible values could. They change with the current
    /// version.
    #[must_use]
    pub fn address_hash(&self, address: IpAddr) -> String {
        // Domain separation: no key starts like this.
        let digest = match canonical(address) {
            IpAddr::V4(address) => self.present.digest(&[b"address ", &address.octets()]),
            IpAddr::V6(address) => self.present.digest(&[b"address ", &address.octets()]),
        };
        hex::encode(&digest[..ADDRESS_DIGITS / 2])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_hmac_sha_256() {
        // Expected value from Python's hmac module, because RFC 4231 has no test with a 32-byte key.
        let pepper = Pepper::from_lines(&[Some([7; BYTES].into())]).expect("a pepper");
        let digest = pepper.hash(&SecretText::new("bye_test".into()));
        assert_eq!(
            hex::encode(digest.digest()),
            "433fd671489631895e48b429d1f63374ab25244c603eddb5986b0c049153b422"
        );
    }

    #[test]
    fn its_memory_is_overwritten_when_it_is_dropped() {
        fn is_overwritten<T: zeroize::ZeroizeOnDrop>() {}
        is_overwritten::<Secret>();
        // An HMAC holds the state of two hashes, whose crate needs a feature to overwrite them.
        is_overwritten::<Sha256>();
    }

    #[test]
    fn the_last_line_is_the_present_version() {
        let secret = SecretText::new("bye_test".into());
        let line = |byte| Some(Secret::from([byte; BYTES]));
        let pepper = Pepper::from_lines(&[line(7), None, line(8), line(9)]).expect("a pepper");
        assert_eq!(pepper.hash(&secret).version(), 4);
        let older: Vec<_> = pepper.older_hashes(&secret).map(|hash| hash.version()).collect();
        assert_eq!(older, [3, 1]);
    }

    #[test]
    fn an_address_is_one_in_both_spellings() {
        let pepper = Pepper::from_lines(&[Some([7; BYTES].into())]).expect("a pepper");
        let hash = |text: &str| pepper.address_hash(text.parse().expect("an address"));
        assert_eq!(hash("203.0.113.7"), hash("::ffff:203.0.113.7"));
        assert_ne!(hash("203.0.113.7"), hash("203.0.113.8"));
        assert_eq!(hash("203.0.113.7").len(), 12);
    }
}
