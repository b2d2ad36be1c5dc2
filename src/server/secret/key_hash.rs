//! What the database holds of a secret: the hash of a key, and the check value of a version of the pepper.

/// What a key is found by. It neither prints nor copies.
pub struct KeyHash {
    digest: [u8; 32],
    version: i64,
}

impl KeyHash {
    /// A digest that was made with a version of the pepper.
    #[must_use]
    pub const fn new(digest: [u8; 32], version: i64) -> Self {
        Self { digest, version }
    }

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

/// A version of the pepper, as the database knows it.
#[derive(Debug)]
pub struct StoredVersion {
    /// Its number, from 1.
    pub version: i64,
    /// Tells whether the file holds it.
    pub check_value: Vec<u8>,
    /// Keys that are stored under it.
    pub keys: i64,
}
