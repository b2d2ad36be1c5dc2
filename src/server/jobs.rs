//! What runs by itself: the purge of ended sessions and of old request logs.

use super::{
    app::App,
    store::{StoreError, Tables as _},
};
use std::time::Duration;
use tokio::{
    signal::unix::Signal,
    time::{MissedTickBehavior, interval},
};

/// How often what is over is deleted (docs/security.md, S14).
const PURGE_EVERY: Duration = Duration::from_mins(10);

/// Reads the catalogue again whenever the process is told to by SIGHUP; one that is wrong changes nothing.
pub async fn follow_catalog(app: App, mut hangups: Signal) {
    while hangups.recv().await.is_some() {
        match app.reload_catalog().await {
            Ok(()) => tracing::info!("the catalogue was read again"),
            Err(error) => tracing::error!("the catalogue stays as it was: {error}"),
        }
    }
}

/// Purges now and every ten minutes. A failing database is reported and does not end the task.
pub async fn run(app: App) {
    let mut ticks = interval(PURGE_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        report("ended sessions", purge_sessions(&app).await);
        report("old request logs", purge_logs(&app).await);
        report(
            "old sign-in waits",
            app.store.purge_sign_in_waits(app.now()).await,
        );
    }
}

fn report(what: &str, deleted: Result<u64, StoreError>) {
    match deleted {
        Ok(0) => {}
        Ok(count) => tracing::info!(count, "{what} were deleted"),
        Err(error) => tracing::warn!(error = %error, "{what} could not be deleted"),
    }
}

/// Deletes what the log has kept for long enough; returns how many requests.
///
/// # Errors
/// When the database fails.
pub async fn purge_logs(app: &App) -> Result<u64, StoreError> {
    let before = app.now().minus(app.config.log_retention);
    let mut tx = app.store.write().await?;
    let count = tx.logs().purge(before).await?;
    tx.logs().purge_gaps(before).await?;
    tx.commit().await?;
    Ok(count)
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
