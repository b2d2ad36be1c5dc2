//! What runs by itself: the purge of ended sessions.

use super::{
    app::App,
    store::{StoreError, Tables as _},
};
use std::time::Duration;
use tokio::time::{MissedTickBehavior, interval};

/// How often ended sessions are deleted (docs/security.md, S14).
const PURGE_EVERY: Duration = Duration::from_mins(10);

/// Purges now and every ten minutes. A failing database is reported and does not end the task.
pub async fn run(app: App) {
    let mut ticks = interval(PURGE_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        match purge_sessions(&app).await {
            Ok(0) => {}
            Ok(count) => tracing::info!(count, "ended sessions were deleted"),
            Err(error) => tracing::warn!(error = %error, "ended sessions could not be deleted"),
        }
    }
}

/// Deletes the sessions that nobody can use any more; returns how many.
///
/// # Errors
/// When the database fails.
pub async fn purge_sessions(app: &App) -> Result<u64, StoreError> {
    let now = app.now();
    let mut tx = app.store.write().await?;
    let count = tx
        .sessions()
        .purge(now.minus(app.config.session_idle), now)
        .await?;
    tx.commit().await?;
    Ok(count)
}
