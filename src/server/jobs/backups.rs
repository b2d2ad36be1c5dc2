//! Scheduled backups (docs/security.md, S82). Of the servers that share a PostgreSQL database, one makes
//! them.

use crate::{
    domain::time::Timestamp,
    server::{
        app::App,
        backups::{self, BackupError, Order, Shelf, stamp},
        runtime::quiet_thread,
        store::backup::Turn,
    },
};
use std::{
    path::PathBuf,
    time::{Duration, Instant},
};
use tokio::time::sleep;

/// Interval at which the schedule is checked.
const CHECK_EVERY: Duration = Duration::from_mins(1);
/// Pause after a failed backup. It doubles with each further failure.
const FIRST_PAUSE: Duration = Duration::from_mins(1);
const LONGEST_PAUSE: Duration = Duration::from_hours(1);
/// Interval at which failures are logged as warnings.
const WARN_EVERY: Duration = Duration::from_hours(1);
/// A backup that takes longer counts as failed, so that one that hangs does not block the next.
const LONGEST: Duration = Duration::from_hours(12);

/// Makes a backup whenever one is due.
pub async fn keep_backups(app: App) {
    let Some(dir) = app.config.backup_dir.clone() else {
        return;
    };
    let mut schedule = Schedule::new(dir);
    loop {
        let pause = schedule.run_if_due(&app).await;
        sleep(pause).await;
    }
}

/// State of one server's schedule.
#[derive(Debug)]
pub struct Schedule {
    shelf: Shelf,
    turn: Option<Turn>,
    pause: Duration,
    warnings: Warnings,
}

/// Which failed backups are logged as warnings: the first one, and then one an hour. A backup that succeeds resets it.
#[derive(Debug, Default)]
struct Warnings(Option<Timestamp>);

impl Warnings {
    /// Whether a failure at `now` is a warning.
    fn is_due(&mut self, now: Timestamp) -> bool {
        // A clock that was set back must not silence them.
        let is_due = self
            .0
            .is_none_or(|last| now < last || now.since(last) >= WARN_EVERY);
        if is_due {
            self.0 = Some(now);
        }
        is_due
    }
}

impl Schedule {
    /// A schedule for this folder.
    #[must_use]
    pub const fn new(dir: PathBuf) -> Self {
        Self {
            shelf: Shelf(dir),
            turn: None,
            pause: FIRST_PAUSE,
            warnings: Warnings(None),
        }
    }

    /// Makes a backup if one is due and it is this server's turn; returns the time until the next check.
    pub async fn run_if_due(&mut self, app: &App) -> Duration {
        match self.make_due(app).await {
            Ok(()) => {
                self.pause = FIRST_PAUSE;
                CHECK_EVERY
            }
            Err(error) => {
                app.backups.failed();
                if self.warnings.is_due(app.now()) {
                    tracing::warn!(error = %error, "a scheduled backup failed and will be retried");
                } else {
                    tracing::info!(error = %error, "a scheduled backup failed and will be retried");
                }
                let pause = self.pause;
                self.pause = (pause * 2).min(LONGEST_PAUSE);
                pause
            }
        }
    }

    async fn make_due(&mut self, app: &App) -> Result<(), BackupError> {
        if self.newest_is_fresh(app).await? || !self.has_turn(app).await? || self.newest_is_fresh(app).await?
        {
            return Ok(());
        }
        let at = app.now();
        let order = Order {
            dir: self.shelf.0.join(stamp(at)),
            pepper: None,
            at,
        };
        let began = Instant::now();
        let made = tokio::time::timeout(LONGEST, backups::make(&app.store, &order)).await;
        let manifest =
            made.unwrap_or_else(|_| Err(BackupError::Refused("it took more than 12 hours".to_owned())))?;
        app.backups.set_newest(Some(at));
        self.warnings = Warnings::default();
        tracing::info!(
            seconds = began.elapsed().as_secs(),
            "a backup was made, {}: {}",
            order.dir.display(),
            manifest.summary()
        );
        let (all, keep) = (self.shelf.clone(), app.config.backup_keep);
        on_files(move || all.trim(usize::try_from(keep).unwrap_or(usize::MAX))).await
    }

    /// Whether the newest backup is recent enough. One from the future is not: the clock was wrong.
    async fn newest_is_fresh(&self, app: &App) -> Result<bool, BackupError> {
        let all = self.shelf.clone();
        let all = on_files(move || all.list()).await?;
        let now = app.now();
        let newest = all.into_iter().map(|(_, at)| at).rfind(|&at| at <= now);
        app.backups.set_newest(newest);
        Ok(newest.is_some_and(|newest| now.since(newest) < app.config.backup_every))
    }

    /// Whether this server is the one that makes backups.
    async fn has_turn(&mut self, app: &App) -> Result<bool, BackupError> {
        if let Some(turn) = &mut self.turn
            && turn.holds().await
        {
            return Ok(true);
        }
        self.turn = Turn::take(&app.store).await?;
        Ok(self.turn.is_some())
    }
}

/// Runs file work outside of the threads that answer requests.
async fn on_files<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, BackupError> + Send + 'static,
) -> Result<T, BackupError> {
    let done = quiet_thread::run(move |_| work()).await;
    done.unwrap_or_else(|error| Err(BackupError::Refused(error.to_string())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_are_warnings_once_an_hour() {
        let start = Timestamp::from_millis(1_795_453_200_000);
        let mut warnings = Warnings::default();
        assert!(warnings.is_due(start), "the first failure");
        assert!(!warnings.is_due(start.plus(WARN_EVERY.saturating_sub(Duration::from_secs(1)))));
        assert!(warnings.is_due(start.plus(WARN_EVERY)));
        assert!(!warnings.is_due(start.plus(WARN_EVERY)));
        assert!(warnings.is_due(start), "the clock was set back");
        warnings = Warnings::default();
        assert!(warnings.is_due(start), "the first failure after a success");
    }
}
