//! Long reads: on their own connections, with a time limit, and cancelled in the database when the caller is gone
//! (docs/security.md, S87).

use crate::server::store::{Conn, Reader, StoreError, Tables, answered};
use sqlx::Executor as _;
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};
use tokio::{runtime::Handle, sync::OwnedSemaphorePermit, time::sleep};

/// Instructions between SQLite's checks for cancellation: some ten thousand checks a second.
const INSTRUCTIONS: i32 = 1_000;

/// A connection for long reads. If it is dropped before [`Self::finish`], its statement is cancelled and the
/// connection closed, so that an abandoned query uses no more resources.
pub struct LongRead {
    /// `None` once the read is over.
    reader: Option<Reader>,
    permit: Option<LongPermit>,
    is_abandoned: Arc<AtomicBool>,
}

/// Permit for a long read; the number of permits bounds concurrent ones.
pub struct LongPermit(
    #[expect(dead_code, reason = "it is held, not used")] pub(in crate::server::store) OwnedSemaphorePermit,
);

/// Time in which PostgreSQL notices that a client has disconnected (`client_connection_check_interval`, and
/// the network). Until then its statement counts as running.
const NOTICED: Duration = Duration::from_secs(1);

impl LongRead {
    /// Sets the time limit of each statement.
    pub(super) async fn begin(
        mut reader: Reader,
        permit: LongPermit,
        limit: Duration,
    ) -> Result<Self, StoreError> {
        let is_abandoned = Arc::<AtomicBool>::default();
        match &mut reader {
            Reader::Sqlite(conn) => {
                let (ends, is_abandoned) = (Instant::now() + limit, Arc::clone(&is_abandoned));
                let goes_on = move || !is_abandoned.load(Relaxed) && Instant::now() < ends;
                conn.lock_handle()
                    .await?
                    .set_progress_handler(INSTRUCTIONS, goes_on);
            }
            Reader::Postgres(conn) => {
                let sql = format!("SET statement_timeout = {}", limit.as_millis());
                answered(async { Ok::<_, StoreError>(conn.execute(sqlx::AssertSqlSafe(sql)).await?) })
                    .await?;
            }
        }
        Ok(Self {
            reader: Some(reader),
            permit: Some(permit),
            is_abandoned,
        })
    }

    /// Returns the connection to its pool, after the read's result.
    pub async fn finish(mut self) -> Result<(), StoreError> {
        if let Some(Reader::Sqlite(conn)) = &mut self.reader {
            conn.lock_handle().await?.remove_progress_handler();
        }
        drop(self.reader.take());
        Ok(())
    }
}

impl Tables for LongRead {
    fn conn(&mut self) -> Conn<'_> {
        self.reader
            .as_mut()
            .expect("it is taken only by what consumes the whole")
            .conn()
    }
}

impl Drop for LongRead {
    fn drop(&mut self) {
        self.is_abandoned.store(true, Relaxed);
        // Not returned to the pool, where the next user would wait for the rest of the statement. PostgreSQL notices
        // the closed connection, SQLite the flag.
        match self.reader.take() {
            Some(Reader::Sqlite(conn)) => drop(conn.detach()),
            Some(Reader::Postgres(conn)) => {
                drop(conn.detach());
                let permit = self.permit.take();
                if let Ok(runtime) = Handle::try_current() {
                    runtime.spawn(async move {
                        sleep(NOTICED).await;
                        drop(permit);
                    });
                }
            }
            None => {}
        }
    }
}
