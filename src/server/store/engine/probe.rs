//! The write probe (docs/security.md, S94): a statement that writes, on a connection outside all pools, so that client
//! requests cannot use it up. `/readyz` reuses the connection; the watcher of the pools opens a new one each time,
//! because the settings of an old session may be the fault.

use sqlx::{
    Connection as _, PgConnection, SqliteConnection, postgres::PgConnectOptions, sqlite::SqliteConnectOptions,
};
use std::time::{Duration, Instant};
use tokio::{sync::Mutex, time::timeout};

/// A single statement, so that a hung server cannot keep the row locked.
const WRITE: &str = "INSERT INTO health (id, at, filler) VALUES (1, $1, $2)
    ON CONFLICT (id) DO UPDATE SET at = excluded.at, filler = excluded.filler";
/// Changes once another connection has committed (sqlite.org/pragma.html, "data_version").
const SQLITE_VERSION: &str = "PRAGMA data_version";
/// SQLITE_BUSY.
const BUSY: &str = "5";

/// Bytes to write: as many pages as a change. Fewer could fit into the last free page of a full disk.
const SQLITE_BYTES: usize = 32 * 1024;
/// Less on PostgreSQL, which has log files of fixed size and other writers.
const POSTGRES_BYTES: usize = 64;
/// Time limit, connecting included.
const PATIENCE: Duration = Duration::from_millis(900);

/// The write probe.
pub(super) struct Probe {
    target: Target,
    kept: Mutex<Kept>,
    began: Instant,
}

enum Target {
    Sqlite(SqliteConnectOptions),
    Postgres(PgConnectOptions),
}

/// The connection of the last successful probe.
enum Kept {
    None,
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
    /// The store is closed, so there are no more probes.
    Closed,
}

impl Probe {
    /// Probe of an SQLite file.
    pub(super) fn sqlite(options: &SqliteConnectOptions) -> Self {
        let options = options.clone().busy_timeout(PATIENCE / 2);
        Self::of(Target::Sqlite(options.create_if_missing(false)))
    }

    /// Probe of a PostgreSQL database.
    pub(super) fn postgres(options: &PgConnectOptions) -> Self {
        Self::of(Target::Postgres(options.clone()))
    }

    fn of(target: Target) -> Self {
        Self {
            target,
            kept: Mutex::new(Kept::None),
            began: Instant::now(),
        }
    }

    /// Writes, on the connection of the last probe.
    pub(super) async fn write(&self) -> Result<(), sqlx::Error> {
        let mut kept = self.kept.lock().await;
        self.try_on(&mut kept).await
    }

    /// Writes, on a new connection.
    pub(super) async fn write_anew(&self) -> Result<(), sqlx::Error> {
        let mut kept = self.kept.lock().await;
        if !matches!(*kept, Kept::Closed) {
            *kept = Kept::None;
        }
        self.try_on(&mut kept).await
    }

    /// Closes the connection; later probes fail.
    pub(super) async fn close(&self) {
        let kept = std::mem::replace(&mut *self.kept.lock().await, Kept::Closed);
        let closed = match kept {
            Kept::Sqlite(conn) => conn.close().await,
            Kept::Postgres(conn) => conn.close().await,
            Kept::None | Kept::Closed => Ok(()),
        };
        if let Err(error) = closed {
            tracing::debug!(error = %error, "a connection was not closed cleanly");
        }
    }

    async fn try_on(&self, kept: &mut Kept) -> Result<(), sqlx::Error> {
        if matches!(kept, Kept::Closed) {
            return Err(sqlx::Error::PoolClosed);
        }
        // Taken out, so that a connection that fails or times out is not reused.
        let taken = std::mem::replace(kept, Kept::None);
        let written = timeout(PATIENCE, self.write_on(taken)).await;
        *kept = written.unwrap_or(Err(sqlx::Error::PoolTimedOut))?;
        Ok(())
    }

    async fn write_on(&self, kept: Kept) -> Result<Kept, sqlx::Error> {
        let at = i64::try_from(self.began.elapsed().as_millis()).unwrap_or(i64::MAX);
        Ok(match &self.target {
            Target::Sqlite(options) => {
                let mut conn = match kept {
                    Kept::Sqlite(conn) => conn,
                    _ => SqliteConnection::connect_with(options).await?,
                };
                write_sqlite(&mut conn, at).await?;
                Kept::Sqlite(conn)
            }
            Target::Postgres(options) => {
                let mut conn = match kept {
                    Kept::Postgres(conn) => conn,
                    _ => PgConnection::connect_with(options).await?,
                };
                let filler = vec![0_u8; POSTGRES_BYTES];
                let write = sqlx::query(WRITE).bind(at).bind(filler);
                write.execute(&mut conn).await?;
                Kept::Postgres(conn)
            }
        })
    }
}

/// Writes to an SQLite file. With continuous other writers its turn may not come in time; what they committed
/// meanwhile proves the same.
async fn write_sqlite(conn: &mut SqliteConnection, at: i64) -> Result<(), sqlx::Error> {
    let version = async |conn: &mut SqliteConnection| {
        sqlx::query_scalar::<_, i64>(SQLITE_VERSION).fetch_one(conn).await
    };
    let before = version(conn).await?;
    // Different bytes each time, because unchanged pages would not be written.
    let filler = vec![at.to_le_bytes()[0]; SQLITE_BYTES];
    match sqlx::query(WRITE).bind(at).bind(filler).execute(&mut *conn).await {
        Ok(_) => Ok(()),
        Err(sqlx::Error::Database(error)) if error.code().is_some_and(|code| code == BUSY) => {
            if version(conn).await? == before {
                Err(sqlx::Error::Database(error))
            } else {
                Ok(())
            }
        }
        Err(error) => Err(error),
    }
}
