//! Opening the database: the engine is chosen once, here, from the address.

use super::{Changes, Reader, StoreError, Tx, dialect, shared, transaction::Open};
use crate::domain::time::Timestamp;
use sqlx::{
    PgPool, SqlitePool,
    migrate::Migrator,
    postgres::{PgConnectOptions, PgPoolOptions},
    sqlite::SqlitePoolOptions,
};
use std::{
    fs::{File, TryLockError},
    path::{Path, PathBuf},
    str::FromStr,
    sync::Arc,
    time::{Duration, Instant},
};

static SQLITE_MIGRATIONS: Migrator = sqlx::migrate!("migrations/sqlite");
static POSTGRES_MIGRATIONS: Migrator = sqlx::migrate!("migrations/postgres");

/// Connections kept: enough for a two-core machine several times over, few beside PostgreSQL's default of 100.
const CONNECTIONS: u32 = 16;
/// How long a request waits for a connection before it is told that the database is away.
const ACQUIRE: Duration = Duration::from_secs(2);

/// Where the data is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Location {
    /// A SQLite file.
    Sqlite(PathBuf),
    /// A PostgreSQL database, by its URL. It may hold a password: never shown.
    Postgres(PostgresUrl),
}

/// The URL of a PostgreSQL database; its `Debug` hides it, since it may hold a password.
#[derive(Clone, PartialEq, Eq)]
pub struct PostgresUrl(String);

impl std::fmt::Debug for PostgresUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("postgres://…")
    }
}

impl FromStr for Location {
    type Err = &'static str;

    /// Reads `postgres://...`, `postgresql://...`, `sqlite:FILE` or `sqlite://FILE`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            return match PgConnectOptions::from_str(text) {
                Ok(_) => Ok(Self::Postgres(PostgresUrl(text.to_owned()))),
                Err(_) => {
                    Err("not a PostgreSQL address of the form postgres://user:password@host:port/database")
                }
            };
        }
        match text
            .strip_prefix("sqlite://")
            .or_else(|| text.strip_prefix("sqlite:"))
        {
            Some(file) if !file.is_empty() && !file.contains('?') => Ok(Self::Sqlite(file.into())),
            _ => Err("neither postgres://user:password@host:port/database nor sqlite:FILE"),
        }
    }
}

/// Why the database could not be opened, in a sentence for whoever runs the server.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// S71.
    #[error("another server is using {0}: stop it first, or give this one another DATA_DIR")]
    InUse(PathBuf),
    /// There is no database yet.
    #[error("there is no database {0}: start the server first")]
    Nothing(PathBuf),
    /// The tables are those of another version.
    #[error("the database is of another version than this program: start this version's server once")]
    OtherVersion,
    /// The lock file cannot be made.
    #[error("cannot use {path}: {source}")]
    Files {
        /// What could not be opened.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// S69.
    #[error("SQLite {0} can lose data; 3.51.3 or later is needed")]
    OldSqlite(String),
    /// A migration failed, or the database is of a later version.
    #[error("the database cannot be brought to this version: {0}")]
    Migrate(#[from] sqlx::migrate::MigrateError),
    /// No connection.
    #[error("the database cannot be reached: {0}")]
    Connect(#[from] sqlx::Error),
}

#[derive(Clone)]
enum Pools {
    Sqlite { read: SqlitePool, write: SqlitePool },
    Postgres(PgPool),
}

/// The database; cheap to clone.
#[derive(Clone)]
pub struct Store {
    pools: Pools,
    changes: Arc<Changes>,
    /// Held for as long as the process serves, so that a second one cannot (S71).
    _lock: Option<Arc<File>>,
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.engine())
    }
}

impl Store {
    /// Opens the database for serving: takes the file's lock (SQLite), brings the tables to this version.
    ///
    /// # Errors
    /// A sentence for whoever runs the server.
    pub async fn open(location: &Location) -> Result<Self, ConnectError> {
        match location {
            Location::Sqlite(file) => Self::open_sqlite(file).await,
            Location::Postgres(url) => Self::open_postgres(&url.0).await,
        }
    }

    /// Opens the database beside the server that uses it: takes no lock and changes no tables (docs/security.md, S71).
    ///
    /// # Errors
    /// A sentence for whoever runs the command.
    pub async fn join(location: &Location) -> Result<Self, ConnectError> {
        let (pools, migrator) = match location {
            Location::Sqlite(file) if !file.exists() => return Err(ConnectError::Nothing(file.clone())),
            Location::Sqlite(file) => {
                let pool = SqlitePoolOptions::new()
                    .max_connections(1)
                    .connect_with(dialect::sqlite_options(file))
                    .await?;
                let (read, write) = (pool.clone(), pool);
                (Pools::Sqlite { read, write }, &SQLITE_MIGRATIONS)
            }
            Location::Postgres(url) => {
                let options = PgConnectOptions::from_str(&url.0)?.application_name("babysea");
                let pool = PgPoolOptions::new().max_connections(1).acquire_timeout(ACQUIRE);
                (
                    Pools::Postgres(pool.connect_with(options).await?),
                    &POSTGRES_MIGRATIONS,
                )
            }
        };
        let store = Self {
            pools,
            changes: Arc::new(Changes::new("a command".to_owned())),
            _lock: None,
        };
        let known = migrator.iter().map(|migration| migration.version).max();
        if store.version().await? == known {
            Ok(store)
        } else {
            Err(ConnectError::OtherVersion)
        }
    }

    /// The last migration that was run.
    async fn version(&self) -> Result<Option<i64>, ConnectError> {
        const VERSION: &str = "SELECT MAX(version) FROM _sqlx_migrations";
        let found = match &self.pools {
            Pools::Sqlite { read, .. } => sqlx::query_scalar(VERSION).fetch_one(read).await,
            Pools::Postgres(pool) => sqlx::query_scalar(VERSION).fetch_one(pool).await,
        };
        match found {
            Ok(version) => Ok(version),
            // No such table: no server has used this database.
            Err(sqlx::Error::Database(_)) => Err(ConnectError::OtherVersion),
            Err(error) => Err(error.into()),
        }
    }

    async fn open_sqlite(file: &Path) -> Result<Self, ConnectError> {
        let lock = lock(file)?;
        let options = dialect::sqlite_options(file);
        // One connection writes: SQLite has one write lock, and waiting in our queue is fair where its own is not.
        let write = SqlitePoolOptions::new()
            .max_connections(1)
            .acquire_timeout(Duration::from_secs(5))
            .connect_with(options.clone())
            .await?;
        let version: String = sqlx::query_scalar("SELECT sqlite_version()")
            .fetch_one(&write)
            .await?;
        if dialect::parse_version(&version) < Some(dialect::SQLITE_OLDEST) {
            return Err(ConnectError::OldSqlite(version));
        }
        SQLITE_MIGRATIONS.run(&write).await?;
        let read = SqlitePoolOptions::new()
            .max_connections(CONNECTIONS)
            .acquire_timeout(ACQUIRE)
            .test_before_acquire(false)
            .connect_with(options.pragma("query_only", "ON"))
            .await?;
        Ok(Self {
            pools: Pools::Sqlite { read, write },
            changes: Arc::new(Changes::new("the only one".to_owned())),
            _lock: Some(Arc::new(lock)),
        })
    }

    async fn open_postgres(url: &str) -> Result<Self, ConnectError> {
        let pool = PgPoolOptions::new()
            .max_connections(CONNECTIONS)
            .acquire_timeout(ACQUIRE)
            .after_connect(|conn, _| Box::pin(dialect::set_up(conn)))
            .connect_with(PgConnectOptions::from_str(url)?.application_name("babysea"))
            .await?;
        POSTGRES_MIGRATIONS.run(&pool).await?;
        let server = sqlx::query_scalar("SELECT CAST(gen_random_uuid() AS TEXT)")
            .fetch_one(&pool)
            .await?;
        shared::forget_gone(&pool).await?;
        let changes = Arc::new(Changes::new(server));
        shared::start(&pool, &changes);
        Ok(Self {
            pools: Pools::Postgres(pool),
            changes,
            _lock: None,
        })
    }

    /// Which keys were changed, for those who hold them.
    #[must_use]
    pub fn changes(&self) -> &Changes {
        &self.changes
    }

    /// How long ago this server last learned of what other servers change; nothing if it never did. No other server
    /// changes the keys of an SQLite file.
    #[must_use]
    pub fn since_look(&self) -> Option<Duration> {
        match self.pools {
            Pools::Sqlite { .. } => Some(Duration::ZERO),
            Pools::Postgres(_) => self.changes.since_look(),
        }
    }

    /// `SQLite` or `PostgreSQL`.
    #[must_use]
    pub const fn engine(&self) -> &'static str {
        match self.pools {
            Pools::Sqlite { .. } => "SQLite",
            Pools::Postgres(_) => "PostgreSQL",
        }
    }

    /// A connection to read with.
    ///
    /// # Errors
    /// When none is free in time.
    pub async fn read(&self) -> Result<Reader, StoreError> {
        Ok(match &self.pools {
            Pools::Sqlite { read, .. } => Reader::Sqlite(read.acquire().await?),
            Pools::Postgres(pool) => Reader::Postgres(pool.acquire().await?),
        })
    }

    /// Tells `listener` what the clock of PostgreSQL shows: now, and with every look at the other servers' changes. The
    /// clock of an SQLite file is this machine's, and nobody is told.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn tell_time(
        &self,
        listener: impl Fn(Timestamp, Instant) + Send + Sync + 'static,
    ) -> Result<(), StoreError> {
        if let Pools::Postgres(pool) = &self.pools {
            self.changes.tell_time(Box::new(listener));
            let mut conn = pool.acquire().await?;
            shared::look(&mut conn, &self.changes).await?;
        }
        Ok(())
    }

    /// Begins a transaction that may write.
    ///
    /// # Errors
    /// When none can be begun in time.
    pub async fn write(&self) -> Result<Tx, StoreError> {
        let open = match &self.pools {
            Pools::Sqlite { write, .. } => Open::Sqlite(write.begin_with(dialect::SQLITE_BEGIN).await?),
            Pools::Postgres(pool) => Open::Postgres(pool.begin().await?, pool.clone()),
        };
        Ok(Tx::new(open, Arc::clone(&self.changes)))
    }

    /// The pools of connections: name, how many are open, how many of them are in use.
    #[must_use]
    pub fn pools(&self) -> Vec<(&'static str, u32, u32)> {
        fn level<D: sqlx::Database>(pool: &sqlx::Pool<D>) -> (u32, u32) {
            let idle = u32::try_from(pool.num_idle()).unwrap_or(u32::MAX);
            (pool.size(), pool.size().saturating_sub(idle))
        }
        let (named, levels) = match &self.pools {
            Pools::Sqlite { read, write } => (vec!["read", "write"], vec![level(read), level(write)]),
            Pools::Postgres(pool) => (vec!["all"], vec![level(pool)]),
        };
        let all = named.into_iter().zip(levels);
        all.map(|(name, (open, in_use))| (name, open, in_use)).collect()
    }

    /// Whether the database answers.
    ///
    /// # Errors
    /// When it does not.
    pub async fn ping(&self) -> Result<(), StoreError> {
        const PING: &str = "SELECT 1";
        match &self.pools {
            Pools::Sqlite { read, .. } => sqlx::query(PING).execute(read).await.map(drop)?,
            Pools::Postgres(pool) => sqlx::query(PING).execute(pool).await.map(drop)?,
        }
        Ok(())
    }

    /// Ends all connections.
    pub async fn close(&self) {
        match &self.pools {
            Pools::Sqlite { read, write } => {
                read.close().await;
                write.close().await;
            }
            Pools::Postgres(pool) => pool.close().await,
        }
    }
}

/// Locks `FILE.lock` for this process; the system frees it when the process ends, however it ends.
fn lock(database: &Path) -> Result<File, ConnectError> {
    let mut path = database.as_os_str().to_owned();
    path.push(".lock");
    let path = PathBuf::from(path);
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)
        .map_err(|source| ConnectError::Files {
            path: path.clone(),
            source,
        })?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(ConnectError::InUse(database.to_owned())),
        Err(TryLockError::Error(source)) => Err(ConnectError::Files { path, source }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locations() {
        assert_eq!("sqlite:./a.db".parse(), Ok(Location::Sqlite("./a.db".into())));
        assert_eq!(
            "sqlite:///tmp/a.db".parse(),
            Ok(Location::Sqlite("/tmp/a.db".into()))
        );
        assert!(matches!("postgres://u:p@h/d".parse(), Ok(Location::Postgres(_))));
        for bad in ["", "mysql://h", "sqlite:", "a.db"] {
            assert!(bad.parse::<Location>().is_err(), "{bad}");
        }
    }

    #[test]
    fn debug_hides_the_password() {
        let location: Location = "postgres://u:hunter2@h/d".parse().expect("an address");
        assert!(!format!("{location:?}").contains("hunter2"));
    }
}
