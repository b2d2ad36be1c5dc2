//! Waiting for a row that every change of an account, or of a key, needs (docs/security.md, S76).
//!
//! If a server hangs inside a change, PostgreSQL ends its session after a second. Other sessions of the same server
//! wait in the queue for the row: each would get it in turn and keep it for another second, while working servers run
//! into their time limits. So no session stays in that queue for long. It leaves and joins again, which the session of
//! a hung server does not do.

use sqlx::PgConnection;
use std::time::{Duration, Instant};

/// A session waits at most twice: to get to the front of the queue, and for the row. Together that is less
/// than the second after which PostgreSQL ends the session that holds the row.
const JOIN: &str = "SAVEPOINT turn; SET LOCAL lock_timeout = 300";
const JOIN_AGAIN: &str = "ROLLBACK TO SAVEPOINT turn; SET LOCAL lock_timeout = 300";
/// Restores the limit of the serving pools.
const LEAVE: &str = "RELEASE SAVEPOINT turn; SET LOCAL lock_timeout = 2000";
/// Time limit of all turns together.
const GIVE_UP: Duration = Duration::from_secs(2);

/// The turns of a transaction that waits for a row.
pub(in crate::server::store) struct Turns(Instant);

impl Turns {
    /// Starts waiting.
    pub(in crate::server::store) async fn join(conn: &mut PgConnection) -> Result<Self, sqlx::Error> {
        sqlx::raw_sql(JOIN).execute(conn).await?;
        Ok(Self(Instant::now()))
    }

    /// Prepares the next turn, if the last one timed out.
    ///
    /// # Errors
    /// `error`, if it is no time-out, or the time is up.
    pub(in crate::server::store) async fn again(
        &self,
        conn: &mut PgConnection,
        error: sqlx::Error,
    ) -> Result<(), sqlx::Error> {
        let code = error
            .as_database_error()
            .and_then(sqlx::error::DatabaseError::code);
        if code.as_deref() != Some("55P03") || self.0.elapsed() >= GIVE_UP {
            return Err(error);
        }
        sqlx::raw_sql(JOIN_AGAIN).execute(conn).await.map(drop)
    }

    /// Stops waiting, once the row is locked.
    pub(in crate::server::store) async fn leave(self, conn: &mut PgConnection) -> Result<(), sqlx::Error> {
        sqlx::raw_sql(LEAVE).execute(conn).await.map(drop)
    }
}
