//! The running product: what every request handler is given.

use super::{
    backups::Known,
    config::{
        Config, Origin,
        catalog_file::{self, CatalogError},
        trusted_proxies::{ProxiesError, ProxySource, TrustedProxies},
    },
    recorder::{Recorder, folds::Folds, write_behind::WriteBehind},
    runtime::{
        bucket::Bucket,
        byte_budget::ByteBudget,
        clock::{Clock, HostClock},
        files, logging,
        metrics::{Levels, Metrics},
        request_ids::RequestIds,
        rng::{OsRng, Rng},
        tasks::Tasks,
        turns::Turns,
        window::FixedWindow,
    },
    secret::{
        password::{Cost, Passwords},
        pepper::Pepper,
    },
    service::{
        pepper::{self, PepperFailure},
        verify::{cache::KeyCache, quota::Quotas},
    },
    store::{ConnectError, Store, StoreError},
};
use crate::domain::{catalog::Catalog, client_network::Network, ids::KeyId, time::Timestamp};
use arc_swap::ArcSwap;
use std::{
    net::IpAddr,
    ops::Deref,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering},
    },
};
use tokio::sync::{Notify, Semaphore};

/// Refusals of one known key in a minute before it gets 429 (docs/security.md, S44).
const REFUSALS_PER_KEY: u32 = 60;

/// Failed sign-ins of one address in a minute (docs/security.md, S7).
const FAILED_SIGN_INS: u32 = 20;
/// Sign-ups of one address at once; more come with time, up to `SIGN_UP_LIMIT` an hour.
const SIGN_UPS_AT_ONCE: u32 = 5;

/// Everything a request needs; cheap to clone.
#[derive(Clone)]
pub struct App(Arc<Inner>);

/// The fields of [`App`].
pub struct Inner {
    /// The settings in force.
    pub config: Config,
    /// Where browsers find this server.
    pub origin: Origin,
    /// The database.
    pub store: Store,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub rng: Arc<dyn Rng>,
    /// Hashes and checks passwords.
    pub passwords: Passwords,
    /// Hashes keys.
    pub pepper: Pepper,
    /// Records the uses of keys.
    pub recorder: Recorder,
    /// Scopes, presets and routes; another once the file was read again.
    catalog: ArcSwap<Catalog>,
    /// Whose X-Forwarded-For is believed; another list once its file was read again.
    trusted_proxies: ArcSwap<TrustedProxies>,
    /// Keys that were used lately.
    pub keys: KeyCache,
    /// What accounts and keys have left of their limits.
    pub quotas: Quotas,
    /// Unknown keys, by address (docs/security.md, S45).
    pub unknown_keys: FixedWindow<IpAddr>,
    /// Look-ups for addresses that have tried too many unknown keys: one at a time, all of them together.
    pub suspects: Semaphore,
    /// Failed sign-ins, by address.
    pub sign_in_failures: FixedWindow<Network>,
    /// Tries to sign in that this server has counted in the database.
    pub sign_in_tries: AtomicU32,
    /// Sign-ups, by address; without a limit when absent.
    pub sign_ups: Option<Bucket<Network>>,
    /// Keys that were checked by their last known state while the database was unavailable.
    pub stale_uses: AtomicU64,
    /// Bytes of request bodies in memory (docs/security.md, S89).
    pub bodies: Arc<ByteBudget>,
    /// Refusals by state, address or scope, by key.
    pub refusals: FixedWindow<KeyId>,
    /// The ids of requests.
    request_ids: RequestIds,
    /// What was decided, for Prometheus.
    pub metrics: Metrics,
    /// Whether the server is stopping.
    pub stopping: AtomicBool,
    /// Writes that reading leads to.
    pub write_behind: Arc<WriteBehind>,
    /// Repeated events that the activity has one entry for.
    pub folds: Folds,
    /// Turns for long queries.
    pub turns: Turns,
    /// Wakes the task that removes what deleted keys leave behind.
    pub deletions: Notify,
    /// The backups that are made by themselves.
    pub backups: Known,
    /// What runs for as long as the process.
    pub tasks: Tasks,
}

/// What differs between serving and testing.
pub struct Parts {
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub rng: Arc<dyn Rng>,
    /// Work of a password's hash.
    pub cost: Cost,
}

impl Default for Parts {
    fn default() -> Self {
        Self {
            clock: Arc::new(HostClock::default()),
            rng: Arc::new(OsRng),
            cost: Cost::DEFAULT,
        }
    }
}

/// Why the product could not start, in a sentence for the server operator.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The data folder cannot be made.
    #[error("DATA_DIR {path} cannot be created: {source}")]
    DataDir {
        /// The folder.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The database cannot be opened.
    #[error("DATABASE_URL: {0}")]
    Connect(#[from] ConnectError),
    /// The database does not say what time it is.
    #[error("DATABASE_URL: {0}")]
    Clock(#[from] StoreError),
    /// The catalogue cannot be used.
    #[error(transparent)]
    Catalog(#[from] CatalogError),
    /// The list of proxies cannot be used.
    #[error(transparent)]
    Proxies(#[from] ProxiesError),
    /// The pepper cannot be used.
    #[error(transparent)]
    Pepper(#[from] PepperFailure),
}

impl App {
    /// Makes the data folder, opens the database, reads the pepper and starts the recorder.
    ///
    /// # Errors
    /// A sentence for the server operator.
    pub async fn start(config: Config, origin: Origin, parts: Parts) -> Result<Self, StartError> {
        let trusted_proxies = config.trusted_proxies.load()?;
        files::make_folder(&config.data_dir).map_err(|source| StartError::DataDir {
            path: config.data_dir.clone(),
            source,
        })?;
        let tasks = Tasks::default();
        let store = Store::open_watched(&config.database, &tasks, config.backup_dir.as_deref()).await?;
        for warning in files::warnings(&[vec![config.data_dir.clone()], store.files()].concat()) {
            tracing::warn!("{warning}");
        }
        // Where several servers may share the database, they go by its clock (docs/security.md, S77).
        let clock = Arc::clone(&parts.clock);
        store.tell_time(move |told, at| clock.follow(told, at)).await?;
        let catalog = catalog_file::read(config.catalog.as_deref(), &store, parts.clock.now()).await?;
        let pepper = pepper::load(&config.pepper_file, &store, parts.rng.as_ref()).await?;
        let write_behind = Arc::<WriteBehind>::default();
        let recorder = Recorder::start(
            &tasks,
            store.clone(),
            Arc::clone(&parts.clock),
            Arc::clone(&parts.rng),
            Arc::clone(&write_behind),
        );
        Ok(Self(Arc::new(Inner {
            folds: Folds::new(recorder.refused().clone()),
            tasks,
            turns: Turns::default(),
            backups: Known::default(),
            deletions: Notify::new(),
            passwords: Passwords::new(parts.cost, Arc::clone(&parts.rng)),
            recorder,
            write_behind,
            unknown_keys: FixedWindow::new(config.auth_limit),
            suspects: Semaphore::new(1),
            sign_in_failures: FixedWindow::new(FAILED_SIGN_INS),
            sign_in_tries: AtomicU32::new(0),
            sign_ups: config
                .sign_up_limit
                .0
                .map(|an_hour| Bucket::new(an_hour, SIGN_UPS_AT_ONCE)),
            stale_uses: AtomicU64::new(0),
            bodies: ByteBudget::new(usize::try_from(config.max_body_bytes).unwrap_or(usize::MAX)),
            refusals: FixedWindow::new(REFUSALS_PER_KEY),
            request_ids: RequestIds::new(parts.rng.as_ref()),
            metrics: Metrics::default(),
            stopping: AtomicBool::new(false),
            keys: KeyCache::default(),
            quotas: Quotas::new(config.rate_limit.0),
            catalog: ArcSwap::from_pointee(catalog),
            trusted_proxies: ArcSwap::from_pointee(trusted_proxies),
            config,
            origin,
            store,
            clock: parts.clock,
            rng: parts.rng,
            pepper,
        })))
    }

    /// Scopes, presets and routes as they are now.
    #[must_use]
    pub fn catalog(&self) -> Arc<Catalog> {
        self.catalog.load_full()
    }

    /// Reloads the catalogue's file. Cached keys are reloaded, because they are prepared for one catalogue.
    ///
    /// # Errors
    /// What is wrong with it; the catalogue was not reloaded.
    pub async fn reload_catalog(&self) -> Result<(), CatalogError> {
        let catalog = catalog_file::read(self.config.catalog.as_deref(), &self.store, self.now()).await?;
        self.catalog.store(Arc::new(catalog));
        Ok(())
    }

    /// The proxies whose X-Forwarded-For is believed, as they are now.
    #[must_use]
    pub fn trusted_proxies(&self) -> impl Deref<Target = Arc<TrustedProxies>> {
        self.trusted_proxies.load()
    }

    /// Reads the list of proxies again; returns it if it was one of a file.
    ///
    /// # Errors
    /// What is wrong with it; the list stays as it was.
    pub async fn reload_trusted_proxies(&self) -> Result<Option<Arc<TrustedProxies>>, ProxiesError> {
        let source = self.config.trusted_proxies.clone();
        if matches!(source, ProxySource::List(_)) {
            return Ok(None);
        }
        let read = tokio::task::spawn_blocking(move || source.load()).await;
        let list = Arc::new(read.map_err(|_| ProxiesError::Stopped)??);
        self.trusted_proxies.store(Arc::clone(&list));
        Ok(Some(list))
    }

    /// An id for a request: `req_` and a ULID.
    #[must_use]
    pub fn request_id(&self) -> String {
        self.request_ids.next(self.now())
    }

    /// Current gauges.
    #[must_use]
    pub fn levels(&self) -> Levels {
        let journal = self.store.journal_levels();
        Levels {
            keys_in_memory: self.keys.len(),
            log_queue: self.recorder.waiting(),
            log_dropped: self.recorder.dropped(),
            stale_uses: self.stale_uses.load(Ordering::Relaxed),
            unowned_refusals: self.folds.unowned(),
            rows_refused: self.recorder.refused().counts(),
            task_restarts: self.tasks.restarts(),
            lines_lost: logging::lost(),
            backup_age: self.backup_age(),
            backup_failures: self.backups.failures(),
            pools: self.store.pools(),
            journal_bytes: journal.bytes,
            journal_flushes: journal.flushes,
            journal_failures: journal.failures,
            journal_copy_failures: journal.copy_failures,
        }
    }

    /// Seconds since the newest good backup.
    #[must_use]
    pub fn backup_age(&self) -> Option<u64> {
        let newest = self.backups.newest();
        newest.map(|newest| self.now().since(newest).as_secs())
    }

    /// The current time.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }
}

impl Deref for App {
    type Target = Inner;
    fn deref(&self) -> &Inner {
        &self.0
    }
}
