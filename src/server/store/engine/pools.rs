//! The connections of the store, and who may have which.

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

/// The connections, by what they are for: what clients ask of one pool takes nothing from the others.
#[derive(Clone)]
pub(in crate::server::store) enum Pools {
    Sqlite {
        write: SqlitePool,
        read: ReadPools<Sqlite>,
        /// Moves the write-ahead log into the database.
        upkeep: SqlitePool,
    },
    Postgres(ReadPools<Postgres>),
}

/// How often it is looked whether the write-ahead log began anew, and how many times.
const LOOK_EVERY: Duration = Duration::from_millis(50);
const LOOKS: u32 = 60;

/// What all copies of a store share beside their connections.
pub(in crate::server::store) struct Shared {
    /// Permits of long reads.
    long: Arc<Semaphore>,
    /// Whether the database is well.
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

/// Connections that read; on PostgreSQL the first ones write too.
pub(in crate::server::store) struct ReadPools<D: Database> {
    /// Pages, and all that is short.
    pub(in crate::server::store) short: Pool<D>,
    /// Keys that are not in memory.
    pub(in crate::server::store) checks: Pool<D>,
    /// What reads all rows of a key or an account.
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
    /// One pool for everything, as a command needs it.
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
    /// Which keys were changed, for those who hold them.
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

    /// A connection for reads that are short.
    pub async fn read(&self) -> Result<Reader, StoreError> {
        Ok(match &self.pools {
            Pools::Sqlite { read, .. } => Reader::Sqlite(read.short.acquire().await?),
            Pools::Postgres(pools) => Reader::Postgres(pools.short.acquire().await?),
        })
    }

    /// A connection to look up a key with. Nothing else may take these: a check does not wait for a page.
    pub async fn read_for_check(&self) -> Result<Reader, StoreError> {
        Ok(match &self.pools {
            Pools::Sqlite { read, .. } => Reader::Sqlite(read.checks.acquire().await?),
            Pools::Postgres(pools) => Reader::Postgres(pools.checks.acquire().await?),
        })
    }

    /// The right to one of the few long reads that run at once; waits until one is free.
    pub async fn long_permit(&self) -> Result<LongPermit, StoreError> {
        let permit = Arc::clone(&self.shared.long).acquire_owned().await;
        permit.map(LongPermit).map_err(|_| StoreError::Slow)
    }

    /// A connection for statements that read all rows of a key or an account. Each of them ends within `limit`, and at
    /// once when the connection is dropped before [`LongRead::finish`].
    pub async fn read_long(&self, permit: LongPermit, limit: Duration) -> Result<LongRead, StoreError> {
        let reader = match &self.pools {
            Pools::Sqlite { read, .. } => Reader::Sqlite(read.long.acquire().await?),
            Pools::Postgres(pools) => Reader::Postgres(pools.long.acquire().await?),
        };
        LongRead::begin(reader, permit, limit).await
    }

    /// Moves what SQLite's write-ahead log holds into the database, as far as readers allow. Returns how many bytes of the
    /// log are in use. PostgreSQL looks after its own: 0.
    pub async fn checkpoint(&self) -> Result<u64, StoreError> {
        const CHECKPOINT: &str = "PRAGMA wal_checkpoint(PASSIVE)";
        const PAGE_BYTES: u64 = 4_096;
        let Pools::Sqlite { upkeep, .. } = &self.pools else {
            return Ok(0);
        };
        let (_, logged, _): (i64, i64, i64) = sqlx::query_as(CHECKPOINT).fetch_one(upkeep).await?;
        Ok(logged.max(0).unsigned_abs() * PAGE_BYTES)
    }

    /// Lets SQLite's write-ahead log begin anew, once it has more than `most` bytes. It does so by itself when somebody
    /// writes while all of it is in the database and nobody reads from it. Long reads that follow each other leave no such
    /// moment: new ones wait here until those that run have ended, within their time limit, and the log is short. Returns
    /// how many bytes of it are in use then.
    pub async fn restart_log(&self, most: u64) -> Result<u64, StoreError> {
        let mut bytes = self.checkpoint().await?;
        if bytes <= most {
            return Ok(bytes);
        }
        let all = u32::try_from(LONG_READS).unwrap_or(u32::MAX);
        let _all = self.shared.long.acquire_many(all).await;
        for _ in 0..LOOKS {
            bytes = self.checkpoint().await?;
            if bytes <= most {
                break;
            }
            sleep(LOOK_EVERY).await;
        }
        Ok(bytes)
    }

    /// Tells `listener` what the clock of PostgreSQL shows: now, and with every look at the other servers' changes. The
    /// clock of an SQLite file is this machine's, and nobody is told.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn tell_time(
        &self,
        listener: impl Fn(Timestamp, Uptime) + Send + Sync + 'static,
    ) -> Result<(), StoreError> {
        if let Pools::Postgres(pools) = &self.pools {
            self.changes.tell_time(Box::new(listener));
            let mut conn = pools.short.acquire().await?;
            answered(peers::postgres::tell_time(&mut conn, &self.changes)).await?;
        }
        Ok(())
    }

    /// Fails when the SQLite file is no longer where this server locked it: what is written then is lost at the next
    /// start (docs/security.md, S92).
    pub fn check_file(&self) -> Result<(), StoreError> {
        let checked = self.file.as_ref().map_or(Ok(()), |file| file.check());
        checked.map_err(|error| StoreError::Broken(sqlx::Error::Io(error)))
    }

    /// The files of the SQLite database and their folder, whether they exist or not; none on PostgreSQL.
    #[must_use]
    pub fn files(&self) -> Vec<std::path::PathBuf> {
        self.file.as_ref().map_or_else(Vec::new, |file| file.files())
    }

    /// Begins a transaction that may write.
    ///
    /// # Errors
    /// When none can be begun in time.
    pub async fn write(&self) -> Result<Tx, StoreError> {
        self.check_file()?;
        self.open_journal().await?;
        let open = match &self.pools {
            Pools::Sqlite { write, .. } => Open::Sqlite(write.begin_with(dialect::SQLITE_BEGIN).await?),
            Pools::Postgres(ReadPools { short, .. }) => {
                // Boxed, since each change would have room for all that connecting takes.
                let begun = Box::pin(async { Ok::<_, StoreError>(short.begin().await?) });
                Open::Postgres(answered(begun).await?)
            }
        };
        Ok(Tx::new(open, self.clone()))
    }

    /// Lets go of the keys that were changed, as the task of the server does all the time; the number of the last change.
    pub(in crate::server::store) async fn look(&self) -> Result<i64, StoreError> {
        if let (Pools::Sqlite { read, .. }, Role::Alone) = (&self.pools, self.changes.role) {
            peers::sqlite::look(&read.short, &self.changes).await?;
        }
        peers::epoch(self.read().await?.conn()).await
    }

    /// The pools of connections: name, how many are open, how many of them are in use.
    #[must_use]
    pub fn pools(&self) -> Vec<(&'static str, u32, u32)> {
        fn level<D: sqlx::Database>(pool: &sqlx::Pool<D>) -> (u32, u32) {
            let idle = u32::try_from(pool.num_idle()).unwrap_or(u32::MAX);
            (pool.size(), pool.size().saturating_sub(idle))
        }
        let levels: Vec<_> = match &self.pools {
            Pools::Sqlite { read, write, .. } => {
                let read = read.named().map(|(name, pool)| (name, level(pool)));
                read.into_iter().chain([("write", level(write))]).collect()
            }
            Pools::Postgres(pools) => pools.named().map(|(name, pool)| (name, level(pool))).into(),
        };
        let all = levels.into_iter();
        all.map(|(name, (open, in_use))| (name, open, in_use)).collect()
    }

    /// Ends all connections.
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
