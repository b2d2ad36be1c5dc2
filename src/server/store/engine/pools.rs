//! The connection pools of the store, and which query may use which.

use super::{connect::LONG_READS, dialect, health::Health, invalidation::Role, peers, transaction::Open};
use crate::{
    domain::time::Timestamp,
    server::{
        runtime::clock::Uptime,
        store::{Changes, LongPermit, LongRead, Reader, Store, StoreError, Tables as _, Tx, answered},
    },
};
use sqlx::{Database, Pool, Postgres, Sqlite, SqlitePool};
use std::{sync::Arc, time::Duration};
use tokio::{sync::Semaphore, time::sleep};

/// The connection pools, by purpose: requests of one kind cannot use up the connections of another.
#[derive(Clone)]
pub(in crate::server::store) enum Pools {
    Sqlite {
        write: SqlitePool,
        read: ReadPools<Sqlite>,
        /// For checkpoints of the write-ahead log.
        upkeep: SqlitePool,
    },
    Postgres(ReadPools<Postgres>),
}

/// Interval and number of checks whether the write-ahead log was restarted.
const CHECK_EVERY: Duration = Duration::from_millis(50);
const CHECKS: u32 = 60;

/// State that all clones of a store share, beside the pools.
pub(in crate::server::store) struct Shared {
    /// Permits of long reads.
    long: Arc<Semaphore>,
    /// Whether the database is healthy.
    pub(super) health: Health,
}

impl Default for Shared {
    fn default() -> Self {
        Self {
            long: Arc::new(Semaphore::new(LONG_READS)),
            health: Health::default(),
        }
    }
}

/// Pools for reading; on PostgreSQL the first one is for writing too.
pub(in crate::server::store) struct ReadPools<D: Database> {
    /// Pages, and other short queries.
    pub(in crate::server::store) short: Pool<D>,
    /// Look-ups of keys that are not cached.
    pub(in crate::server::store) checks: Pool<D>,
    /// Queries that read all rows of a key or an account.
    pub(in crate::server::store) long: Pool<D>,
    /// `/readyz`.
    pub(in crate::server::store) health: Pool<D>,
}

impl<D: Database> Clone for ReadPools<D> {
    fn clone(&self) -> Self {
        Self {
            short: self.short.clone(),
            checks: self.checks.clone(),
            long: self.long.clone(),
            health: self.health.clone(),
        }
    }
}

impl<D: Database> ReadPools<D> {
    /// One pool for all purposes, for a command.
    pub(in crate::server::store) fn one(pool: &Pool<D>) -> Self {
        Self {
            short: pool.clone(),
            checks: pool.clone(),
            long: pool.clone(),
            health: pool.clone(),
        }
    }

    fn named(&self) -> [(&'static str, &Pool<D>); 4] {
        [
            ("short", &self.short),
            ("checks", &self.checks),
            ("long", &self.long),
            ("health", &self.health),
        ]
    }

    async fn close(&self) {
        for (_, pool) in self.named() {
            pool.close().await;
        }
    }
}

impl Store {
    /// The cache invalidation.
    #[must_use]
    pub fn changes(&self) -> &Changes {
        &self.changes
    }

    /// `SQLite` or `PostgreSQL`.
    #[must_use]
    pub const fn engine(&self) -> &'static str {
        match self.pools {
            Pools::Sqlite { .. } => "SQLite",
            Pools::Postgres(_) => "PostgreSQL",
        }
    }

    /// A connection for short reads.
    pub async fn read(&self) -> Result<Reader, StoreError> {
        Ok(match &self.pools {
            Pools::Sqlite { read, .. } => Reader::Sqlite(read.short.acquire().await?),
            Pools::Postgres(pools) => Reader::Postgres(pools.short.acquire().await?),
        })
    }

    /// A connection for the look-up of a key. These are reserved, so that a check does not wait for a page.
    pub async fn read_for_check(&self) -> Result<Reader, StoreError> {
        Ok(match &self.pools {
            Pools::Sqlite { read, .. } => Reader::Sqlite(read.checks.acquire().await?),
            Pools::Postgres(pools) => Reader::Postgres(pools.checks.acquire().await?),
        })
    }

    /// A permit for a long read; waits until one is free.
    pub async fn long_permit(&self) -> Result<LongPermit, StoreError> {
        let permit = Arc::clone(&self.shared.long).acquire_owned().await;
        permit.map(LongPermit).map_err(|_| StoreError::Slow)
    }

    /// A connection for statements that read all rows of a key or an account. Each of them ends within
    /// `limit`, or as soon as the connection is dropped before [`LongRead::finish`].
    pub async fn read_long(&self, permit: LongPermit, limit: Duration) -> Result<LongRead, StoreError> {
        let reader = match &self.pools {
            Pools::Sqlite { read, .. } => Reader::Sqlite(read.long.acquire().await?),
            Pools::Postgres(pools) => Reader::Postgres(pools.long.acquire().await?),
        };
        LongRead::begin(reader, permit, limit).await
    }

    /// Checkpoints SQLite's write-ahead log, as far as readers allow. Returns how many bytes of the log are
    /// in use; 0 on PostgreSQL, which does this itself.
    pub async fn checkpoint(&self) -> Result<u64, StoreError> {
        const CHECKPOINT: &str = "PRAGMA wal_checkpoint(PASSIVE)";
        const PAGE_BYTES: u64 = 4_096;
        let Pools::Sqlite { upkeep, .. } = &self.pools else {
            return Ok(0);
        };
        let (_, logged, _): (i64, i64, i64) = sqlx::query_as(CHECKPOINT).fetch_one(upkeep).await?;
        Ok(logged.max(0).unsigned_abs() * PAGE_BYTES)
    }

    /// Makes SQLite restart its write-ahead log once it has more than `most` bytes. SQLite does so itself
    /// when a write finds the whole log checkpointed and no active reader. Overlapping long reads prevent
    /// that, so new ones wait here until the running ones have ended, within their time limit, and the log is
    /// short. Returns how many bytes of it are then in use.
    pub async fn restart_log(&self, most: u64) -> Result<u64, StoreError> {
        let mut bytes = self.checkpoint().await?;
        if bytes <= most {
            return Ok(bytes);
        }
        let all = u32::try_from(LONG_READS).unwrap_or(u32::MAX);
        let _all = self.shared.long.acquire_many(all).await;
        for _ in 0..CHECKS {
            bytes = self.checkpoint().await?;
            if bytes <= most {
                break;
            }
            sleep(CHECK_EVERY).await;
        }
        Ok(bytes)
    }

    /// Calls `listener` with the time of PostgreSQL's clock: now, and with every poll for changes. Not called on
    /// SQLite, whose clock is this machine's.
    pub async fn watch_clock(
        &self,
        listener: impl Fn(Timestamp, Uptime) + Send + Sync + 'static,
    ) -> Result<(), StoreError> {
        if let Pools::Postgres(pools) = &self.pools {
            self.changes.set_time_listener(Box::new(listener));
            let mut conn = pools.short.acquire().await?;
            answered(peers::postgres::read_time(&mut conn, &self.changes)).await?;
        }
        Ok(())
    }

    /// Fails when the SQLite file is no longer at the path where this server locked it: writes would be lost
    /// at the next start (docs/security.md, S92).
    pub fn check_file(&self) -> Result<(), StoreError> {
        let checked = self.file.as_ref().map_or(Ok(()), |file| file.check());
        checked.map_err(|error| StoreError::Broken(sqlx::Error::Io(error)))
    }

    /// The files of the SQLite database and their folder, existing or not; empty on PostgreSQL.
    #[must_use]
    pub fn files(&self) -> Vec<std::path::PathBuf> {
        self.file.as_ref().map_or_else(Vec::new, |file| file.files())
    }

    /// Begins a transaction that may write.
    ///
    /// # Errors
    /// When no transaction can be started in time.
    pub async fn write(&self) -> Result<Tx, StoreError> {
        self.check_file()?;
        self.open_journal().await?;
        let open = match &self.pools {
            Pools::Sqlite { write, .. } => Open::Sqlite(write.begin_with(dialect::SQLITE_BEGIN).await?),
            Pools::Postgres(ReadPools { short, .. }) => {
                // Boxed: otherwise the future of each change would have room for connecting.
                let begun = Box::pin(async { Ok::<_, StoreError>(short.begin().await?) });
                Open::Postgres(answered(begun).await?)
            }
        };
        Ok(Tx::new(open, self.clone()))
    }

    /// Polls once, like the server's task; returns the last change number.
    pub(in crate::server::store) async fn poll(&self) -> Result<i64, StoreError> {
        if let (Pools::Sqlite { read, .. }, Role::Alone) = (&self.pools, self.changes.role) {
            peers::sqlite::poll(&read.short, &self.changes).await?;
        }
        peers::epoch(self.read().await?.conn()).await
    }

    /// The pools: name, open connections, connections in use.
    #[must_use]
    pub fn pools(&self) -> Vec<(&'static str, u32, u32)> {
        fn counts<D: sqlx::Database>(pool: &sqlx::Pool<D>) -> (u32, u32) {
            let idle = u32::try_from(pool.num_idle()).unwrap_or(u32::MAX);
            (pool.size(), pool.size().saturating_sub(idle))
        }
        let pools: Vec<_> = match &self.pools {
            Pools::Sqlite { read, write, .. } => {
                let read = read.named().map(|(name, pool)| (name, counts(pool)));
                read.into_iter().chain([("write", counts(write))]).collect()
            }
            Pools::Postgres(pools) => pools.named().map(|(name, pool)| (name, counts(pool))).into(),
        };
        let all = pools.into_iter();
        all.map(|(name, (open, in_use))| (name, open, in_use)).collect()
    }

    /// Closes all connections.
    pub async fn close(&self) {
        self.shared.health.forget().await;
        self.fitness.probe.close().await;
        match &self.pools {
            Pools::Sqlite { read, write, upkeep } => {
                read.close().await;
                upkeep.close().await;
                if let Some(journal) = &self.journal {
                    journal.close().await;
                }
                write.close().await;
            }
            Pools::Postgres(pools) => {
                if self.changes.role == Role::Server {
                    peers::postgres::leave(&pools.short, &self.changes).await;
                }
                pools.close().await;
            }
        }
    }
}
