//! The cache of recently used keys, so that the next use needs no database.

use crate::{
    domain::{
        catalog::{Catalog, Grants},
        key::Key,
        time::Timestamp,
    },
    server::{
        secret::key_hash::KeyHash,
        store::{Changes, Generation},
    },
};
use quick_cache::sync::Cache;
use std::sync::{
    Arc, OnceLock,
    atomic::{AtomicI64, Ordering},
};

/// Capacity; the least used keys are evicted first.
const MOST: usize = 200_000;

/// Interval at which a key's use is recorded while the log queue is full, in milliseconds.
const USES_EVERY: i64 = 60_000;

/// A cached key, prepared for the routes of one catalogue.
pub struct Known {
    /// The key.
    pub key: Key,
    /// Its scopes as a bit set of the catalogue.
    pub grants: Grants,
    catalog: Arc<Catalog>,
    generation: Generation,
    /// Its identity headers, built when forward-auth first needs them.
    identity: OnceLock<[String; 4]>,
    /// When a use was last recorded, in milliseconds.
    use_due: AtomicI64,
}

impl Known {
    /// A key that was loaded after the counter had the value `generation`.
    #[must_use]
    pub fn new(key: Key, catalog: &Arc<Catalog>, generation: Generation) -> Self {
        Self {
            grants: catalog.grants(&key.scopes),
            key,
            catalog: Arc::clone(catalog),
            generation,
            identity: OnceLock::new(),
            use_due: AtomicI64::new(i64::MIN),
        }
    }

    /// The identity headers of the key, built by `build` the first time.
    pub fn identity(&self, build: impl FnOnce(&Key) -> [String; 4]) -> &[String; 4] {
        self.identity.get_or_init(|| build(&self.key))
    }

    /// Whether to record a use of the key although the log queue is full: once a minute.
    #[must_use]
    pub fn is_use_due(&self, now: Timestamp) -> bool {
        let last = self.use_due.load(Ordering::Relaxed);
        let due = now.millis() >= last.saturating_add(USES_EVERY);
        due && self
            .use_due
            .compare_exchange(last, now.millis(), Ordering::Relaxed, Ordering::Relaxed)
            .is_ok()
    }
}

/// The cached keys, by the hash of their text.
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
        let good = Arc::ptr_eq(&known.catalog, catalog) && changes.is_current(known.key.id, known.generation);
        if !good {
            self.0.remove(hash.digest());
        }
        good.then_some(known)
    }

    /// Caches a key.
    pub fn put(&self, hash: &KeyHash, known: &Arc<Known>) {
        self.0.insert(*hash.digest(), Arc::clone(known));
    }

    /// Number of cached keys.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether the cache is empty.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        ids::{AccountId, UserId},
        key::issue::Terms,
        name::KeyName,
        scope::Scopes,
    };

    #[test]
    fn a_use_is_due_once_a_minute() {
        let start = 1_795_453_200_000;
        let at = |millis: i64| Timestamp::from_millis(start + millis);
        let name = KeyName::parse("prod").expect("a name");
        let terms = Terms::new(name, "custom", Scopes::default());
        let (account, person) = (AccountId::from_random([1; 16]), UserId::from_random([2; 16]));
        let (key, _) = Key::issue(account, person, terms, at(0), "bye_", |bytes| bytes.fill(7));
        let known = Known::new(key, &Arc::new(Catalog::vendor()), Generation::default());
        let due =
            [0, 1, USES_EVERY - 1, USES_EVERY, USES_EVERY + 1].map(|millis| known.is_use_due(at(millis)));
        assert_eq!(due, [true, false, false, true, false]);
    }
}
