//! Stored values: the hash of a key, and the check value of a pepper version.

/// Hash of a key, by which it is looked up. It implements neither Debug nor Clone.
pub struct KeyHash {
    digest: [u8; 32],
    version: i64,
}

impl KeyHash {
    /// A digest under this version of the pepper.
    #[must_use]
    pub const fn new(digest: [u8; 32], version: i64) -> Self {
        Self { digest, version }
    }

    /// The digest.
    #[must_use]
    pub fn digest(&self) -> &[u8; 32] {
        &self.digest
    }

    /// Version of the pepper.
    #[must_use]
    pub const fn version(&self) -> i64 {
        self.version
    }
}

/// A version of the pepper, as stored in the database.
#[derive(Debug)]
pub struct StoredVersion {
    /// Its number, from 1.
    pub version: i64,
    /// Check value, which recognises the right secret.
    pub check_value: Vec<u8>,
    /// Number of keys stored under it.
    pub keys: i64,
}
