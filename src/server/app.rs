//! The application: the state that every request handler gets.

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
        metrics::{Gauges, Metrics},
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

/// Refusals of a known key in a minute, after which it gets 429 (docs/security.md, S44).
const REFUSALS_PER_KEY: u32 = 60;

/// Limit of failed sign-ins from one network, a minute (docs/security.md, S7).
const FAILED_SIGN_INS: u32 = 20;
/// Burst of sign-ups from one network; refilled over time, up to `SIGN_UP_LIMIT` an hour.
const SIGN_UPS_AT_ONCE: u32 = 5;

/// The application's state; cheap to clone.
#[derive(Clone)]
pub struct App(Arc<Inner>);

/// The fields of [`App`].
pub struct Inner {
    /// The configuration in effect.
    pub config: Config,
    /// The origin that browsers use.
    pub origin: Origin,
    /// The database.
    pub store: Store,
    /// Source of time.
    pub clock: Arc<dyn Clock>,
    /// Source of randomness.
    pub rng: Arc<dyn Rng>,
    /// Hashes and checks passwords.
    pub passwords: Passwords,
    /// Hashes keys.
    pub pepper: Pepper,
    /// Records the uses of keys.
    pub recorder: Recorder,
    /// Scopes, presets and routes; replaced when the file is reloaded.
    catalog: ArcSwap<Catalog>,
    /// Trusted proxies; replaced when their file is reloaded.
    trusted_proxies: ArcSwap<TrustedProxies>,
    /// Cache of recently used keys.
    pub keys: KeyCache,
    /// Quotas of accounts and keys.
    pub quotas: Quotas,
    /// Counts unknown keys by address (docs/security.md, S45).
    pub unknown_keys: FixedWindow<IpAddr>,
    /// Serialises look-ups for all addresses that have tried too many unknown keys.
    pub suspects: Semaphore,
    /// Counts failed sign-ins by network.
    pub sign_in_failures: FixedWindow<Network>,
    /// Sign-in attempts that this server has counted in the database.
    pub sign_in_tries: AtomicU32,
    /// Limits sign-ups by network; unlimited when absent.
    pub sign_ups: Option<Bucket<Network>>,
    /// Checks that used a cached key while the database was unavailable.
    pub stale_uses: AtomicU64,
    /// Memory budget of request bodies (docs/security.md, S89).
    pub bodies: Arc<ByteBudget>,
    /// Counts refusals of known keys because of state, address or scope, by key.
    pub refusals: FixedWindow<KeyId>,
    /// Generator of request ids.
    request_ids: RequestIds,
    /// Counters of verdicts, for Prometheus.
    pub metrics: Metrics,
    /// Whether the server is stopping.
    pub stopping: AtomicBool,
    /// Queued writes that follow from reads.
    pub write_behind: Arc<WriteBehind>,
    /// Repeated events that are folded into one activity entry.
    pub folds: Folds,
    /// Queue for long queries.
    pub turns: Turns,
    /// Wakes the task that removes the data of deleted keys.
    pub deletions: Notify,
    /// State of scheduled backups.
    pub backups: Known,
    /// Supervised tasks.
    pub tasks: Tasks,
}

/// Dependencies that tests replace.
pub struct Parts {
    /// Source of time.
    pub clock: Arc<dyn Clock>,
    /// Source of randomness.
    pub rng: Arc<dyn Rng>,
    /// Cost of a password hash.
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

/// Why the start failed, in a sentence for the server operator.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The data folder cannot be created.
    #[error("DATA_DIR {path} cannot be created: {source}")]
    DataDir {
        /// The folder.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// The database cannot be opened.
    #[error("DATABASE_URL: {0}")]
    Connect(#[from] ConnectError),
    /// The database's time cannot be read.
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
    /// Creates the data folder, opens the database, reads the pepper and starts the recorder.
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
        // Servers that may share a database use the database's clock (docs/security.md, S77).
        let clock = Arc::clone(&parts.clock);
        store.watch_clock(move |time, at| clock.follow(time, at)).await?;
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

    /// The current catalogue.
    #[must_use]
    pub fn catalog(&self) -> Arc<Catalog> {
        self.catalog.load_full()
    }

    /// Reloads the catalogue's file. Cached keys are reloaded too, because they are prepared for one
    /// catalogue.
    ///
    /// # Errors
    /// What is wrong with the file. The old catalogue stays.
    pub async fn reload_catalog(&self) -> Result<(), CatalogError> {
        let catalog = catalog_file::read(self.config.catalog.as_deref(), &self.store, self.now()).await?;
        self.catalog.store(Arc::new(catalog));
        Ok(())
    }

    /// The current trusted proxies.
    #[must_use]
    pub fn trusted_proxies(&self) -> impl Deref<Target = Arc<TrustedProxies>> {
        self.trusted_proxies.load()
    }

    /// Reloads the list of trusted proxies; returns it if it comes from a file.
    ///
    /// # Errors
    /// What is wrong with the file. The old list stays.
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

    /// A new request id: `req_` and a ULID.
    #[must_use]
    pub fn request_id(&self) -> String {
        self.request_ids.next(self.now())
    }

    /// Current values of the gauges.
    #[must_use]
    pub fn gauges(&self) -> Gauges {
        let journal = self.store.journal_gauges();
        Gauges {
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

    /// Seconds since the newest complete backup.
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
