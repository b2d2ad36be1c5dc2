//! Back-off after failed sign-ins (docs/security.md, S7).

use super::time::Timestamp;
use std::time::Duration;

/// Failures without a wait.
const FREE: u32 = 5;
/// The longest wait. Also the interval at which a network with few failures of its own may try while other
/// networks keep failing.
const LONGEST: Duration = Duration::from_mins(1);
/// Time without a failure after which the count is reset.
pub const FORGOTTEN_AFTER: Duration = Duration::from_hours(24);

/// A count of failed sign-ins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Failures {
    /// Number of failures; 0 after [`FORGOTTEN_AFTER`].
    pub count: u32,
    /// Time of the last one.
    pub last_at: Timestamp,
}

impl Failures {
    /// No failure.
    pub const NONE: Self = Self {
        count: 0,
        last_at: Timestamp::from_millis(0),
    };

    /// The count as of `now`: reset if it is old enough. A time in the future, which a clock that was set
    /// back leaves behind, becomes `now`.
    #[must_use]
    pub fn at(self, now: Timestamp) -> Self {
        if self.count == 0 || now.since(self.last_at) >= FORGOTTEN_AFTER {
            return Self::NONE;
        }
        Self {
            last_at: self.last_at.min(now),
            ..self
        }
    }

    /// Time of the next allowed attempt: 1, 2, 4 and up to 60 seconds after the last failure, from the fifth
    /// failure on.
    #[must_use]
    pub fn ready_at(self) -> Timestamp {
        match self.count.checked_sub(FREE) {
            None => self.last_at,
            Some(over) => {
                let seconds = 1_u64.checked_shl(over.min(32)).unwrap_or(u64::MAX);
                self.last_at.plus(Duration::from_secs(seconds).min(LONGEST))
            }
        }
    }
}

/// Time of the next attempt that a network may make for an email. `email` counts the failures of all networks
/// for that email, `network` those of this network.
///
/// Others cannot lock a person out: a network that never failed for the email may try at once, and one with
/// few failures once a minute. A network with more failures waits for both counts.
#[must_use]
pub fn ready_at(email: Failures, network: Failures) -> Timestamp {
    let shared = email.ready_at().max(network.ready_at());
    match network.count {
        0 => network.last_at,
        count if count < FREE => shared.min(network.last_at.plus(LONGEST)),
        _ => shared,
    }
}

/// Whole seconds from `now` until `ready_at`, rounded up; `None` once it is reached.
#[must_use]
pub fn seconds_until(ready_at: Timestamp, now: Timestamp) -> Option<u32> {
    let millis = ready_at.millis().saturating_sub(now.millis());
    let seconds = u64::try_from(millis).unwrap_or_default().div_ceil(1_000);
    (seconds > 0).then(|| u32::try_from(seconds).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_795_453_200_000);

    fn failed(count: u32, seconds_ago: u64) -> Failures {
        Failures {
            count,
            last_at: NOW.minus(Duration::from_secs(seconds_ago)),
        }
    }

    fn wait(email: Failures, network: Failures) -> Option<u32> {
        seconds_until(ready_at(email.at(NOW), network.at(NOW)), NOW)
    }

    #[test]
    fn waits_double_from_the_fifth_failure_to_a_minute() {
        let waits = |count| wait(failed(count, 0), failed(count, 0));
        for count in 0..5 {
            assert_eq!(waits(count), None, "{count}");
        }
        let expected = [1, 2, 4, 8, 16, 32, 60, 60];
        for (count, seconds) in (5..).zip(expected) {
            assert_eq!(waits(count), Some(seconds), "{count}");
        }
        assert_eq!(waits(u32::MAX), Some(60));
    }

    #[test]
    fn others_do_not_lock_a_network_out() {
        let attacked = failed(1_000, 0);
        assert_eq!(wait(attacked, failed(0, 0)), None, "it never failed");
        let never = Failures {
            count: 0,
            last_at: NOW,
        };
        assert_eq!(ready_at(attacked, never), NOW, "it never failed");
        assert_eq!(wait(attacked, failed(1, 10)), Some(50), "once a minute");
        assert_eq!(wait(attacked, failed(4, 60)), None);
        assert_eq!(wait(attacked, failed(5, 3_600)), Some(60), "it guessed as well");
        assert_eq!(wait(failed(1_000, 59), failed(5, 0)), Some(1));
    }

    #[test]
    fn failures_are_forgotten_after_a_day() {
        let day = FORGOTTEN_AFTER.as_secs();
        assert_eq!(failed(9, day).at(NOW).count, 0);
        assert_eq!(failed(9, day - 1).at(NOW).count, 9);
    }

    #[test]
    fn a_clock_that_is_set_back_makes_no_longer_wait() {
        let future = Failures {
            count: 50,
            last_at: NOW.plus(Duration::from_hours(1)),
        };
        assert_eq!(wait(future, future), Some(60));
    }

    #[test]
    fn seconds_are_rounded_up() {
        let after = |millis| seconds_until(Timestamp::from_millis(NOW.millis() + millis), NOW);
        assert_eq!(
            (after(-1), after(0), after(1), after(1_000), after(1_001)),
            (None, None, Some(1), Some(1), Some(2))
        );
    }
}
