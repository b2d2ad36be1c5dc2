//! Pacing of background work: steps that each hold the writer for some milliseconds, with pauses of the same length
//! between them (docs/security.md, S85).

use crate::server::store::Store;
use std::time::Duration;
use tokio::time::sleep;

/// Rows of the first step.
const ROWS: u32 = 500;
/// Fewest and most rows of a step.
const FEWEST: u32 = 50;
const MOST: u32 = 4_000;
/// A step that took longer is followed by shorter ones, one that took less than a third of it by longer ones.
const LONG: Duration = Duration::from_millis(30);
/// Shortest and longest pause between two steps.
const SHORTEST_PAUSE: Duration = Duration::from_millis(10);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
/// Bytes of SQLite's write-ahead log from which on it is made to begin anew (`jobs::keep_log_short`).
pub const LONG_LOG: u64 = 24 * 1024 * 1024;
/// Bytes from which on no step is taken until it has.
const FULL_LOG: u64 = 48 * 1024 * 1024;
/// How often it is looked for room in the log, and how long at most.
const LOOK_EVERY: Duration = Duration::from_millis(100);
const LOOKS: u32 = 300;

/// The size of the steps of one work, and the pauses between them.
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

    /// Rests after a step that took so long: as long again, and until the write-ahead log has room.
    pub async fn rest(&mut self, store: &Store, took: Duration) {
        self.learn(took);
        sleep(took.clamp(SHORTEST_PAUSE, LONGEST_PAUSE)).await;
        for _ in 0..LOOKS {
            // A database that does not answer fails the next step.
            if store.checkpoint().await.map_or(true, |bytes| bytes < FULL_LOG) {
                return;
            }
            sleep(LOOK_EVERY).await;
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
