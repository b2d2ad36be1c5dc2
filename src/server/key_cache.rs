//! Keys that were used lately, held in memory so that the next use asks no database.

use super::{
    secret::pepper::KeyHash,
    store::{Changes, Moment},
};
use crate::domain::{
    catalog::{Catalog, Grants},
    key::Key,
};
use quick_cache::sync::Cache;
use std::sync::Arc;

/// Most keys held; the least used go first.
const MOST: usize = 200_000;

/// A key as it was at a moment, made ready to be asked about routes of one catalogue.
pub struct Known {
    /// The key.
    pub key: Key,
    /// What it may do.
    pub grants: Grants,
    catalog: Arc<Catalog>,
    moment: Moment,
}

impl Known {
    /// A key that was loaded after `moment`.
    #[must_use]
    pub fn new(key: Key, catalog: &Arc<Catalog>, moment: Moment) -> Self {
        Self {
            grants: catalog.grants(&key.scopes),
            key,
            catalog: Arc::clone(catalog),
            moment,
        }
    }
}

/// The keys held, by the hash of their text.
pub struct KeyCache(Cache<[u8; 32], Arc<Known>>);

impl Default for KeyCache {
    fn default() -> Self {
        Self(Cache::new(MOST))
    }
}

impl KeyCache {
    /// The key with this hash, unless it was changed since it was loaded.
    #[must_use]
    pub fn get(&self, hash: &KeyHash, catalog: &Arc<Catalog>, changes: &Changes) -> Option<Arc<Known>> {
        let known = self.0.get(hash.digest())?;
        let good = Arc::ptr_eq(&known.catalog, catalog) && changes.holds(known.key.id, known.moment);
        if !good {
            self.0.remove(hash.digest());
        }
        good.then_some(known)
    }

    /// Holds a key.
    pub fn put(&self, hash: &KeyHash, known: &Arc<Known>) {
        self.0.insert(*hash.digest(), Arc::clone(known));
    }

    /// How many keys are held.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether none is.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
