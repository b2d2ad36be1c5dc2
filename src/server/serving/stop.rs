//! Time limit of a stop (docs/security.md, S80).

use std::{future::Future, time::Duration};
use tokio::time::{Instant, timeout};

/// Time from the signal to the end of the process. docs/security.md promises one second more.
const ALL: Duration = Duration::from_secs(19);
/// Drain time that it includes; a longer drain time makes the whole stop longer.
const DRAIN: Duration = Duration::from_secs(5);

/// A stop in progress. Each stage gets what is left of the time.
#[derive(Clone, Copy, Debug)]
pub struct Stop {
    until: Instant,
}

impl Stop {
    /// Starts a stop with this drain time.
    #[must_use]
    pub fn begin(drain: Duration) -> Self {
        Self {
            until: Instant::now() + ALL + drain.saturating_sub(DRAIN),
        }
    }

    /// Runs a stage for at most `most`, and no longer than the time left. `None` if it did not end in time.
    pub async fn stage<T>(&self, most: Duration, stage: impl Future<Output = T>) -> Option<T> {
        timeout(self.left(most, Instant::now()), stage).await.ok()
    }

    fn left(&self, most: Duration, now: Instant) -> Duration {
        self.until.saturating_duration_since(now).min(most)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::{pending, ready};

    #[test]
    fn stages_that_hang_have_one_end() {
        let seconds = Duration::from_secs;
        for (drain, promised) in [(0, 19), (5, 19), (6, 20), (600, 614)] {
            let begun = Instant::now();
            let stop = Stop::begin(seconds(drain));
            let latest = Instant::now() + seconds(promised);
            let mut now = begun;
            // Drain, requests in flight, log, entries, database: each stage may use its full time.
            for most in [drain, 10, 4, 2, 1] {
                now += stop.left(seconds(most), now);
            }
            assert!(now <= latest, "a drain of {drain} s");
            assert!(now > begun + seconds(drain), "the drain has its {drain} s");
        }
    }

    #[tokio::test]
    async fn a_stage_ends_by_itself_or_with_its_time() {
        let stop = Stop::begin(Duration::ZERO);
        assert_eq!(stop.stage(Duration::from_mins(1), ready(7)).await, Some(7));
        assert_eq!(stop.stage(Duration::from_millis(1), pending::<()>()).await, None);
        let over = Stop {
            until: Instant::now(),
        };
        assert_eq!(over.stage(Duration::from_mins(1), pending::<()>()).await, None);
    }
}
