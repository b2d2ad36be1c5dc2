//! Pacing of background work: steps that each hold the writer for some milliseconds, with pauses of the same length
//! between them (docs/security.md, S85).

use crate::server::store::Store;
use std::time::Duration;
use tokio::time::sleep;

/// Rows of the first step.
const ROWS: u32 = 500;
/// Minimum and maximum rows of a step.
const FEWEST: u32 = 50;
const MOST: u32 = 4_000;
/// The next step is smaller after one that took longer, and larger after one that took less than a third of
/// this.
const LONG: Duration = Duration::from_millis(30);
/// Shortest and longest pause between two steps.
const SHORTEST_PAUSE: Duration = Duration::from_millis(10);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
/// Size of SQLite's write-ahead log, in bytes, at which a checkpoint restarts it (`jobs::keep_log_short`).
pub const LONG_LOG: u64 = 24 * 1024 * 1024;
/// Size, in bytes, at which steps wait for that checkpoint.
const FULL_LOG: u64 = 48 * 1024 * 1024;
/// Interval of those waits, and their maximum in total.
const CHECK_EVERY: Duration = Duration::from_millis(100);
const CHECKS: u32 = 300;

/// Step size and pauses of one job.
#[derive(Debug)]
pub struct Pace {
    rows: u32,
}

impl Default for Pace {
    fn default() -> Self {
        Self { rows: ROWS }
    }
}

impl Pace {
    /// Rows of the next step.
    #[must_use]
    pub const fn rows(&self) -> u32 {
        self.rows
    }

    /// Pauses after a step that took `took`: equally long, and until the write-ahead log is short enough.
    pub async fn rest(&mut self, store: &Store, took: Duration) {
        self.learn(took);
        sleep(took.clamp(SHORTEST_PAUSE, LONGEST_PAUSE)).await;
        for _ in 0..CHECKS {
            // An error counts as room: the next step then reports the database's error.
            if store.checkpoint().await.map_or(true, |bytes| bytes < FULL_LOG) {
                return;
            }
            sleep(CHECK_EVERY).await;
        }
    }

    fn learn(&mut self, took: Duration) {
        if took > LONG {
            self.rows = (self.rows / 2).max(FEWEST);
        } else if took < LONG / 3 {
            self.rows = (self.rows * 2).min(MOST);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_get_shorter_where_they_take_long_and_longer_where_they_do_not() {
        let mut pace = Pace::default();
        pace.learn(LONG);
        assert_eq!(pace.rows(), ROWS);
        for _ in 0..10 {
            pace.learn(LONG * 2);
        }
        assert_eq!(pace.rows(), FEWEST);
        for _ in 0..10 {
            pace.learn(Duration::ZERO);
        }
        assert_eq!(pace.rows(), MOST);
    }
}
