//! Elects the server that makes the backups, among those that share a PostgreSQL database.

use super::super::{
    Store,
    engine::{dialect, pools::Pools},
};
use super::CopyError;
use sqlx::{Connection as _, PgConnection};
use std::time::Duration;
use tokio::time::timeout;

/// An advisory lock, which PostgreSQL releases when the session ends. The number is arbitrary; PostgreSQL
/// keeps such locks separate by database.
const TRY_LOCK: &str = "SELECT pg_try_advisory_lock(7019264412530922)";
/// How long PostgreSQL may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// This server's election, until it is dropped. The one server of an SQLite file is always elected.
#[derive(Debug)]
pub struct Turn(Option<PgConnection>);

impl Turn {
    /// Tries to be elected; `None` if another server is.
    pub async fn take(store: &Store) -> Result<Option<Self>, CopyError> {
        let Pools::Postgres(pools) = &store.pools else {
            return Ok(Some(Self(None)));
        };
        let options = pools.short.connect_options();
        let taken = async {
            let mut conn = PgConnection::connect_with(&options).await?;
            dialect::set_up(&mut conn).await?;
            let is_ours: bool = sqlx::query_scalar(TRY_LOCK).fetch_one(&mut conn).await?;
            if is_ours {
                return Ok(Some(Self(Some(conn))));
            }
            conn.close().await?;
            Ok(None)
        };
        timeout(PATIENCE, taken)
            .await
            .unwrap_or(Err(sqlx::Error::PoolTimedOut))
            .map_err(CopyError::from)
    }

    /// Whether its session is still alive.
    pub async fn holds(&mut self) -> bool {
        match &mut self.0 {
            None => true,
            Some(conn) => matches!(timeout(PATIENCE, conn.ping()).await, Ok(Ok(()))),
        }
    }
}
