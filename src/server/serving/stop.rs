//! How long a stop may take in all (docs/security.md, S80).

use std::{future::Future, time::Duration};
use tokio::time::{Instant, timeout};

/// From the signal to the end of the process. It is promised within a second more.
const ALL: Duration = Duration::from_secs(19);
/// How long of it is the drain time; where that is longer, all of it is.
const DRAIN: Duration = Duration::from_secs(5);

/// A stop that has begun. Each of its stages gets what is left of its time.
#[derive(Clone, Copy, Debug)]
pub struct Stop {
    until: Instant,
}

impl Stop {
    /// One that begins now, with so much time for the drain.
    #[must_use]
    pub fn begin(drain: Duration) -> Self {
        Self {
            until: Instant::now() + ALL + drain.saturating_sub(DRAIN),
        }
    }

    /// Runs a stage for at most so long, and no longer than what is left. Nothing where it did not end in time.
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
            // The drain, what is in flight, the log and the entries, the database: each takes all that it gets.
            for most in [drain, 10, 4, 2, 1] {
                now += stop.left(seconds(most), now);
            }
            assert!(now <= latest, "a drain of {drain} s");
            assert!(now > begun + seconds(drain), "a drain of {drain} s is given");
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
