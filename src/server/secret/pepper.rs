//! Keys at rest: HMAC-SHA-256 under a pepper that the database does not hold (docs/security.md, S30 and S31).
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
/// The secret of a version; overwritten when it is dropped, as the state of its HMAC is.
type Secret = Zeroizing<[u8; BYTES]>;
/// What the check value is computed from; no key is spelled like it.
const CHECKED: &[u8] = b"babysea pepper check";
/// Hex digits of an address's hash that are stored: enough to distinguish clients.
const ADDRESS_DIGITS: usize = 12;

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
    /// Whether the file holds every version that these stored keys need. Makes and changes nothing.
    ///
    /// # Errors
    /// A sentence for the server operator.
    pub fn verify(path: &Path, stored: &[StoredVersion]) -> Result<(), PepperError> {
        let file = PepperFile::read(path)?.ok_or_else(|| PepperError::Missing(path.to_owned()))?;
        file.pepper(path)?.compare(stored, path)
    }

    /// The number of each version, and what tells whether the file holds it.
    pub fn check_values(&self) -> impl Iterator<Item = (i64, [u8; 32])> {
        self.versions()
            .map(|version| (version.0, version.digest(&[CHECKED])))
    }

    /// Compares the versions with the stored check values.
    ///
    /// # Errors
    /// `Removed` where stored keys need a version that is not here, `Wrong` where it is another one.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_hmac_sha_256() {
        // RFC 4231 has no 32-byte key; this value is from Python's hmac module.
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
        // The state of an HMAC is that of two hashes, which need a feature of their crate for this.
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
