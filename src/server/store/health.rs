//! Whether the database answers, and whether it can be changed (docs/security.md, S94).

use super::{Store, StoreError, pools::Pools};
use sqlx::{ConnectOptions as _, Connection as _, PgConnection, SqliteConnection};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{sync::Mutex, time::timeout};

const PING: &str = "SELECT 1";
/// One statement and no more: a server that stands still cannot hold the row that others write.
const WRITE: &str = "INSERT INTO health (id, at, filler) VALUES (1, $1, $2)
    ON CONFLICT (id) DO UPDATE SET at = excluded.at, filler = excluded.filler";
/// Differs once something was committed on another connection (sqlite.org/pragma.html, "data_version").
const SQLITE_VERSION: &str = "PRAGMA data_version";
/// SQLITE_BUSY.
const BUSY: &str = "5";

/// Bytes that are written: the pages of a change. Less would fit into the last free page of a full disk.
const SQLITE_BYTES: usize = 32 * 1024;
/// PostgreSQL keeps its log in files of a fixed size, and others write at the same time.
const POSTGRES_BYTES: usize = 64;
/// How long the database may take.
const PATIENCE: Duration = Duration::from_millis(900);
/// How long it holds that a change can be made, and that none can.
const WRITABLE_FOR: Duration = Duration::from_secs(2);
const REFUSED_FOR: Duration = Duration::from_millis(500);

/// What was last found out.
#[derive(Default)]
pub(super) struct Health {
    /// When the last ping began that was answered: it is the answer for everybody who asked before.
    pinged: Mutex<Option<Instant>>,
    /// Until when it holds whether a change can be made.
    written: Mutex<Option<(Instant, bool)>>,
    own: Mutex<Own>,
}

impl Health {
    /// Ends its own connection.
    pub(super) async fn close(&self) {
        *self.written.lock().await = None;
        let own = std::mem::replace(&mut *self.own.lock().await, Own::Closed);
        let closed = match own {
            Own::Sqlite(conn) => conn.close().await,
            Own::Postgres(conn) => conn.close().await,
            Own::None | Own::Closed => Ok(()),
        };
        if let Err(error) = closed {
            tracing::debug!(error = %error, "a connection was not closed in order");
        }
    }
}

/// The connection that writes, apart from all pools: what clients ask takes nothing from it.
#[derive(Default)]
enum Own {
    #[default]
    None,
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
    /// The store is closed.
    Closed,
}

impl Store {
    /// Whether the database answers. However many ask at once, the database is asked once.
    pub async fn ping(&self) -> Result<(), StoreError> {
        self.check_file()?;
        let asked = Instant::now();
        let mut pinged = self.shared.health.pinged.lock().await;
        if pinged.is_some_and(|began| began > asked) {
            return Ok(());
        }
        let began = Instant::now();
        match &self.pools {
            Pools::Sqlite { read, .. } => sqlx::query(PING).execute(&read.health).await.map(drop)?,
            Pools::Postgres(pools) => sqlx::query(PING).execute(&pools.health).await.map(drop)?,
        }
        *pinged = Some(began);
        Ok(())
    }

    /// Whether a change can be made: tries one, every two seconds at most and whoever asks.
    pub async fn is_writable(&self) -> bool {
        if self.check_file().is_err() || self.fitness.is_unwell() {
            return false;
        }
        let mut written = self.shared.health.written.lock().await;
        if let Some((until, is_writable)) = *written
            && Instant::now() < until
        {
            return is_writable;
        }
        // To its end also when the one who asked has gone: otherwise nobody ever learns of it.
        let store = self.clone();
        let tried = tokio::spawn(async move { store.try_write().await }).await;
        let is_writable = matches!(tried, Ok(Ok(())));
        if let Ok(Err(error)) = tried {
            tracing::debug!(error = &error as &dyn std::error::Error, "nothing can be changed");
        }
        let holds = if is_writable { WRITABLE_FOR } else { REFUSED_FOR };
        *written = Some((Instant::now() + holds, is_writable));
        is_writable
    }

    async fn try_write(&self) -> Result<(), StoreError> {
        let health = Arc::clone(&self.shared);
        let mut own = health.health.own.lock().await;
        // Taken out: a connection that failed, or did not answer in time, is not used again.
        let taken = std::mem::take(&mut *own);
        *own = timeout(PATIENCE, self.write_on(taken))
            .await
            .map_err(|_| StoreError::Slow)??;
        Ok(())
    }

    async fn write_on(&self, own: Own) -> Result<Own, StoreError> {
        let at = self.shared.began.elapsed().as_millis();
        let at = i64::try_from(at).unwrap_or(i64::MAX);
        Ok(match (&self.pools, own) {
            (_, Own::Closed) => return Err(sqlx::Error::PoolClosed.into()),
            (Pools::Sqlite { .. }, Own::Sqlite(mut conn)) => {
                write_sqlite(&mut conn, at).await?;
                Own::Sqlite(conn)
            }
            (Pools::Sqlite { write, .. }, _) => {
                let options = write.connect_options();
                let options = (*options).clone().busy_timeout(PATIENCE / 2);
                let mut conn = options.connect().await?;
                write_sqlite(&mut conn, at).await?;
                Own::Sqlite(conn)
            }
            (Pools::Postgres(pools), own) => {
                let mut conn = match own {
                    Own::Postgres(conn) => conn,
                    _ => PgConnection::connect_with(&pools.health.connect_options()).await?,
                };
                let filler = vec![0_u8; POSTGRES_BYTES];
                sqlx::query(WRITE)
                    .bind(at)
                    .bind(filler)
                    .execute(&mut conn)
                    .await?;
                Own::Postgres(conn)
            }
        })
    }
}

/// Writes to an SQLite file. Where others write all the time there may be no turn in time: what they committed meanwhile
/// is as good.
async fn write_sqlite(conn: &mut SqliteConnection, at: i64) -> Result<(), StoreError> {
    let version = async |conn: &mut SqliteConnection| {
        sqlx::query_scalar::<_, i64>(SQLITE_VERSION).fetch_one(conn).await
    };
    let before = version(conn).await?;
    // Bytes that are there already would not be written.
    let filler = vec![at.to_le_bytes()[0]; SQLITE_BYTES];
    match sqlx::query(WRITE).bind(at).bind(filler).execute(&mut *conn).await {
        Ok(_) => Ok(()),
        Err(sqlx::Error::Database(error)) if error.code().is_some_and(|code| code == BUSY) => {
            if version(conn).await? == before {
                Err(sqlx::Error::Database(error).into())
            } else {
                Ok(())
            }
        }
        Err(error) => Err(error.into()),
    }
}
