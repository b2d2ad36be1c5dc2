//! Opening the database: the engine is chosen once, here, from the address.

use super::{
    dialect, driver_errors,
    fitness::{self, Fitness},
    invalidation::Role,
    migrations::{self, Wait},
    peers::{self, postgres::Poller},
    pools::{Pools, ReadPools, Shared},
    probe::Probe,
    sqlite_file::{self, SqliteFile},
    start_checks,
};
use crate::server::{
    runtime::tasks::Tasks,
    store::{Changes, ConnectError, Journal, StoreError, answered, journal},
};
use sqlx::{
    Connection as _, PgConnection, SqliteConnection,
    postgres::{PgConnectOptions, PgPoolOptions},
    sqlite::{SqliteConnectOptions, SqlitePoolOptions},
};
use std::{
    path::{Path, PathBuf},
    str::FromStr,
    sync::Arc,
    time::Duration,
};
use tokio::time::timeout;

/// Connections for all short queries, of pages and changes: several times what two cores can use. With the pools below
/// and two connections outside of pools, a server uses up to 24 connections. PostgreSQL allows 100 by default.
const CONNECTIONS: u32 = 12;
/// Connections reserved for looking up keys that are not cached (docs/security.md, S87).
const CHECKS: u32 = 6;
/// Maximum number of concurrent long reads of this server (S87). Each can keep a core busy.
pub(in crate::server::store) const LONG_READS: usize = 2;
/// Connections for long reads, with one more for a connection that is being closed.
const LONG_CONNECTIONS: u32 = 3;
/// How long a request waits for a connection before the database counts as unavailable.
const ACQUIRE: Duration = Duration::from_secs(2);
/// The same for the look-up of a key, so that look-up and wait stay below a check's 1.5 s.
const ACQUIRE_FOR_CHECK: Duration = Duration::from_secs(1);
/// Time limit for the first connection of a start.
const FIRST: Duration = Duration::from_secs(5);

/// The last applied migration; an error if none was applied.
const VERSION: &str = "SELECT MAX(version) FROM _sqlx_migrations";

/// Address of the database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Location {
    /// A SQLite file.
    Sqlite(PathBuf),
    /// A PostgreSQL database, by its URL, which may contain a password: never shown.
    Postgres(PostgresUrl),
}

/// The URL of a PostgreSQL database. Its `Debug` hides it, because it may contain a password.
#[derive(Clone, PartialEq, Eq)]
pub struct PostgresUrl(String);

impl PostgresUrl {
    /// How a connection is opened.
    pub(in crate::server::store) fn options(&self) -> Result<PgConnectOptions, sqlx::Error> {
        Ok(PgConnectOptions::from_str(&self.0)?.application_name("babysea"))
    }
}

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
            // Not SQLite's own `file:` URLs, which have options and several spellings of a path.
            Some(file) if !file.is_empty() && !file.contains('?') && !file.starts_with("file:") => {
                Ok(Self::Sqlite(file.into()))
            }
            _ => Err("neither postgres://user:password@host:port/database nor sqlite:FILE"),
        }
    }
}

/// The database; cheap to clone.
#[derive(Clone)]
pub struct Store {
    pub(in crate::server::store) pools: Pools,
    pub(in crate::server::store) shared: Arc<Shared>,
    pub(in crate::server::store) changes: Arc<Changes>,
    pub(super) fitness: Arc<Fitness>,
    /// The locked SQLite file of a server, so that a second process cannot serve it (S92).
    pub(in crate::server::store) file: Option<Arc<SqliteFile>>,
    /// The journal beside the SQLite file.
    pub(in crate::server::store) journal: Option<Arc<Journal>>,
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.engine())
    }
}

impl Store {
    /// Opens the database for serving: locks the file (SQLite), and migrates the tables to this release.
    pub async fn open(location: &Location) -> Result<Self, ConnectError> {
        Self::open_watched(location, &Tasks::default(), None).await
    }

    /// The same, with the store's background work supervised by `tasks`, and a copy of the journal of an
    /// SQLite file in the folder `copies`.
    pub async fn open_watched(
        location: &Location,
        tasks: &Tasks,
        copies: Option<&Path>,
    ) -> Result<Self, ConnectError> {
        match location {
            Location::Sqlite(file) => {
                let opened = Self::open_sqlite(file, tasks, copies).await;
                opened.map_err(|error| error.explained(|error| driver_errors::sqlite(error, file)))
            }
            Location::Postgres(url) => {
                let options = PgConnectOptions::from_str(&url.0)?.application_name("babysea");
                let opened = Self::open_postgres(&options, tasks).await;
                opened.map_err(|error| error.explained(|error| driver_errors::postgres(error, &options)))
            }
        }
    }

    /// Opens the database while a server uses it: takes no lock and does not migrate (docs/security.md, S71).
    pub async fn join(location: &Location) -> Result<Self, ConnectError> {
        Self::join_with(location, None).await
    }

    /// The same. Before the first change, the journal of an SQLite file is compared with the database, and
    /// with its copy in the folder `copies`.
    pub async fn join_with(location: &Location, copies: Option<&Path>) -> Result<Self, ConnectError> {
        Self::join_pools(location, copies)
            .await
            .map_err(|error| match location {
                Location::Sqlite(file) => error.explained(|error| driver_errors::sqlite(error, file)),
                Location::Postgres(url) => match PgConnectOptions::from_str(&url.0) {
                    Ok(options) => error.explained(|error| driver_errors::postgres(error, &options)),
                    Err(_) => error,
                },
            })
    }

    async fn join_pools(location: &Location, copies: Option<&Path>) -> Result<Self, ConnectError> {
        let mut journal = None;
        let (pools, probe, migrator) = match location {
            Location::Sqlite(file) => {
                let file = &sqlite_file::existing(file)?;
                journal = Some(Arc::new(Journal::beside(file, copies)));
                let options = dialect::sqlite_options(file);
                let probe = Probe::sqlite(&options);
                let pool = SqlitePoolOptions::new()
                    .max_connections(1)
                    .connect_with(options)
                    .await?;
                let (read, write) = (ReadPools::one(&pool), pool);
                let upkeep = write.clone();
                (Pools::Sqlite { write, read, upkeep }, probe, &migrations::SQLITE)
            }
            Location::Postgres(url) => {
                let options = PgConnectOptions::from_str(&url.0)?.application_name("babysea");
                let probe = Probe::postgres(&options);
                let pool = PgPoolOptions::new().max_connections(1).acquire_timeout(ACQUIRE);
                let pool = pool.connect_with(options).await?;
                (
                    Pools::Postgres(ReadPools::one(&pool)),
                    probe,
                    &migrations::POSTGRES,
                )
            }
        };
        let store = Self {
            pools,
            shared: Arc::default(),
            changes: Arc::new(Changes::new("a command".to_owned(), Role::Command)),
            fitness: Fitness::new(probe),
            file: None,
            journal,
        };
        if store.version().await? == migrations::newest(migrator) {
            Ok(store)
        } else {
            Err(ConnectError::OtherVersion)
        }
    }

    /// The last applied migration.
    async fn version(&self) -> Result<Option<i64>, ConnectError> {
        let found = match &self.pools {
            Pools::Sqlite { write, .. } => sqlx::query_scalar(VERSION).fetch_one(write).await,
            Pools::Postgres(pools) => {
                let version = sqlx::query_scalar(VERSION).fetch_one(&pools.short);
                answered(async { Ok::<_, StoreError>(version.await) }).await?
            }
        };
        match found {
            Ok(version) => Ok(version),
            // No such table: no server has used this database.
            Err(sqlx::Error::Database(_)) => Err(ConnectError::OtherVersion),
            Err(error) => Err(error.into()),
        }
    }

    async fn open_sqlite(file: &Path, tasks: &Tasks, copies: Option<&Path>) -> Result<Self, ConnectError> {
        let file = Arc::new(SqliteFile::take(file)?);
        let options = dialect::sqlite_options(file.path());
        let mut wait = Wait::new();
        while let Err(error) = prepare_sqlite(file.path(), &options).await {
            wait.after(error).await?;
        }
        let journal = Arc::new(Journal::beside(file.path(), copies));
        let mut conn = SqliteConnection::connect_with(&options).await?;
        journal.open(&mut conn).await?;
        conn.close().await?;
        let fitness = Fitness::new(Probe::sqlite(&options));
        // Every connection must be one to the locked file, even after another file was moved to its path.
        let checked = |pool: SqlitePoolOptions| {
            // Weak, so that the lock ends with the store and not with its last connection.
            let file = Arc::downgrade(&file);
            pool.after_connect(move |_, _| {
                let checked = file.upgrade().map_or(Err(sqlx::Error::PoolClosed), |file| {
                    file.check().map_err(sqlx::Error::Io)
                });
                Box::pin(async { checked })
            })
        };
        // One connection for writing: SQLite has one write lock, and our queue is fair where SQLite's is not.
        let write = checked(fitness.guard(SqlitePoolOptions::new()))
            .max_connections(1)
            .acquire_timeout(ACQUIRE)
            .connect_with(options.clone())
            .await?;
        fitness::start(tasks, &fitness);
        let options = options.pragma("query_only", "ON");
        let pool = |connections| {
            checked(fitness.guard(SqlitePoolOptions::new()))
                .max_connections(connections)
                .acquire_timeout(ACQUIRE)
                .connect_lazy_with(options.clone())
        };
        let read = ReadPools {
            short: pool(CONNECTIONS),
            checks: pool(CHECKS),
            long: pool(LONG_CONNECTIONS),
            health: pool(1),
        };
        let upkeep = pool(1);
        let changes = Arc::new(Changes::new("server".to_owned(), Role::Alone));
        let polling = pool(1);
        peers::sqlite::poll(&polling, &changes).await?;
        peers::sqlite::start(tasks, &polling, &write, &changes);
        journal::start(tasks, &journal, &polling);
        Ok(Self {
            pools: Pools::Sqlite { write, read, upkeep },
            shared: Arc::default(),
            changes,
            fitness,
            file: Some(file),
            journal: Some(journal),
        })
    }

    async fn open_postgres(options: &PgConnectOptions, tasks: &Tasks) -> Result<Self, ConnectError> {
        let mut conn = timeout(FIRST, PgConnection::connect_with(options))
            .await
            .unwrap_or(Err(sqlx::Error::PoolTimedOut))?;
        answered(async { Ok::<_, ConnectError>(migrations::set_up(&mut conn).await?) }).await?;
        let mut wait = Wait::new();
        while let Err(error) = prepare_postgres(&mut conn, options).await {
            wait.after(error).await?;
        }
        conn.close().await?;
        let fitness = Fitness::new(Probe::postgres(options));
        let settings = |connections| {
            fitness
                .guard(PgPoolOptions::new())
                .max_connections(connections)
                .acquire_timeout(ACQUIRE)
        };
        let short =
            |connections| settings(connections).after_connect(|conn, _| Box::pin(dialect::set_up(conn)));
        let pool = short(CONNECTIONS).connect_with(options.clone()).await?;
        fitness::start(tasks, &fitness);
        let server = sqlx::query_scalar("SELECT CAST(gen_random_uuid() AS TEXT)").fetch_one(&pool);
        let server = answered(async { Ok::<_, StoreError>(server.await?) }).await?;
        let changes = Arc::new(Changes::new(server, Role::Server));
        let poller = answered(Poller::begin(options, &changes)).await?;
        peers::postgres::start(tasks, &pool, poller, &changes);
        let pools = ReadPools {
            checks: short(CHECKS)
                .acquire_timeout(ACQUIRE_FOR_CHECK)
                .connect_lazy_with(options.clone()),
            long: settings(LONG_CONNECTIONS)
                .after_connect(|conn, _| Box::pin(dialect::set_up_long(conn)))
                .connect_lazy_with(options.clone()),
            health: short(1).connect_lazy_with(options.clone()),
            short: pool,
        };
        Ok(Self {
            pools: Pools::Postgres(pools),
            shared: Arc::default(),
            changes,
            fitness,
            file: None,
            journal: None,
        })
    }
}

/// Checks SQLite, and migrates its tables to this release.
async fn prepare_sqlite(file: &Path, options: &SqliteConnectOptions) -> Result<(), ConnectError> {
    start_checks::check_sqlite(file, options).await?;
    let mut conn = SqliteConnection::connect_with(options).await?;
    migrations::run_sqlite(&mut conn).await?;
    conn.close().await?;
    Ok(())
}

/// Checks PostgreSQL, and migrates its tables to this release.
async fn prepare_postgres(conn: &mut PgConnection, options: &PgConnectOptions) -> Result<(), ConnectError> {
    answered(start_checks::check_postgres(conn, options)).await?;
    migrations::run_postgres(conn).await
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
        for bad in [
            "",
            "mysql://h",
            "sqlite:",
            "a.db",
            "sqlite:a.db?mode=ro",
            "sqlite:file:a.db",
            "sqlite://file:///tmp/a.db",
        ] {
            assert!(bad.parse::<Location>().is_err(), "{bad}");
        }
    }

    #[test]
    fn debug_hides_the_password() {
        let location: Location = "postgres://u:hunter2@h/d".parse().expect("an address");
        assert!(!format!("{location:?}").contains("hunter2"));
    }
}
