//! Whether the database answers, and whether it accepts changes (docs/security.md, S94).

use super::{fitness, pools::Pools};
use crate::server::store::{Store, StoreError};
use std::time::{Duration, Instant};
use tokio::sync::Mutex;

const PING: &str = "SELECT 1";

/// How long the result of a write probe is reused.
const WRITABLE_FOR: Duration = Duration::from_secs(2);
const REFUSED_FOR: Duration = Duration::from_millis(500);

/// Latest results.
#[derive(Default)]
pub(super) struct Health {
    /// When the last successful ping began. Its result counts for all calls that were made before that.
    pinged: Mutex<Option<Instant>>,
    /// Result of the last write probe, and until when it is reused.
    written: Mutex<Option<(Instant, bool)>>,
}

impl Health {
    /// Records that a change was refused because the disk is full. The probe's change is smaller and may
    /// still find room.
    pub(super) async fn refused(&self) {
        *self.written.lock().await = Some((Instant::now() + WRITABLE_FOR, false));
    }

    /// Discards the result of the last write probe.
    pub(super) async fn forget(&self) {
        *self.written.lock().await = None;
    }
}

impl Store {
    /// Whether the database answers. Concurrent calls share one query.
    pub async fn ping(&self) -> Result<(), StoreError> {
        self.check_file()?;
        let called_at = Instant::now();
        let mut pinged = self.shared.health.pinged.lock().await;
        if pinged.is_some_and(|began| began > called_at) {
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

    /// Whether the database accepts changes. Tries one, at most every two seconds for all callers.
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
        // Spawned, so that it completes and is recorded even if the caller is gone.
        let store = self.clone();
        let tried = tokio::spawn(async move { store.fitness.probe.write().await }).await;
        let is_writable = matches!(tried, Ok(Ok(())));
        if let Ok(Err(error)) = tried {
            tracing::debug!(error = &error as &dyn std::error::Error, "nothing can be changed");
            match error {
                sqlx::Error::PoolTimedOut => fitness::doubt(),
                error => fitness::judge(&error),
            }
        }
        let holds = if is_writable { WRITABLE_FOR } else { REFUSED_FOR };
        *written = Some((Instant::now() + holds, is_writable));
        is_writable
    }
}
