//! The only source of the current time.

use crate::domain::time::Timestamp;
use rustix::time::{ClockId, clock_gettime};
use std::{
    sync::atomic::{AtomicI64, Ordering},
    time::Duration,
};

/// A time since the start of this machine, by a clock that also runs while the process or the machine sleeps
/// (`CLOCK_BOOTTIME`; docs/security.md, S74 and S77). It stops with a virtual machine that is paused from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Uptime(Duration);

impl Uptime {
    /// Now.
    #[must_use]
    pub fn now() -> Self {
        let shown = clock_gettime(ClockId::Boottime);
        Self(Duration::new(
            u64::try_from(shown.tv_sec).unwrap_or_default(),
            u32::try_from(shown.tv_nsec).unwrap_or_default(),
        ))
    }

    /// The time so many nanoseconds after the start of the machine.
    #[must_use]
    pub const fn from_nanos(nanos: u64) -> Self {
        Self(Duration::from_nanos(nanos))
    }

    /// Nanoseconds since the start of the machine.
    #[must_use]
    pub fn nanos(self) -> u64 {
        u64::try_from(self.0.as_nanos()).unwrap_or(u64::MAX)
    }

    /// The duration since `earlier`; zero if that is later.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        self.0.saturating_sub(earlier.0)
    }

    /// The time that has passed.
    #[must_use]
    pub fn elapsed(self) -> Duration {
        Self::now().since(self)
    }

    /// The time `span` later.
    #[must_use]
    pub fn plus(self, span: Duration) -> Self {
        Self(self.0.saturating_add(span))
    }
}

/// The clock: the host's or the database's when serving, one moved by hand in tests.
pub trait Clock: Send + Sync + 'static {
    /// The current time.
    fn now(&self) -> Timestamp;

    /// Follows the database's clock from now on. That clock showed `_shown` at the local time `_at`
    /// (docs/security.md, S77). Test clocks follow no other clock.
    fn follow(&self, _shown: Timestamp, _at: Uptime) {}
}

/// The host's clock, or the database's once it follows that. Between two readings of the database's clock, it
/// advances with [`Uptime`].
#[derive(Debug)]
pub struct HostClock {
    started: Uptime,
    /// Time of the database's clock at `started`, in milliseconds; [`NOBODY`] at first.
    followed: AtomicI64,
}

/// A smaller difference, in milliseconds, can be due to the network. The clock is not set for it, so that it
/// does not jump back and forth.
const CLOSE: u64 = 100;

/// No database clock is followed.
const NOBODY: i64 = i64::MIN;

impl Default for HostClock {
    fn default() -> Self {
        Self {
            started: Uptime::now(),
            followed: AtomicI64::new(NOBODY),
        }
    }
}

impl Clock for HostClock {
    fn now(&self) -> Timestamp {
        match self.followed.load(Ordering::SeqCst) {
            NOBODY => {
                #[expect(
                    clippy::disallowed_methods,
                    reason = "this is the one place that may ask the host"
                )]
                let nanos = time::OffsetDateTime::now_utc().unix_timestamp_nanos();
                Timestamp::from_millis(i64::try_from(nanos / 1_000_000).unwrap_or(i64::MAX))
            }
            shown => Timestamp::from_millis(shown).plus(self.started.elapsed()),
        }
    }

    fn follow(&self, reading: Timestamp, at: Uptime) {
        let since = at.since(self.started);
        let shown = reading.minus(since).millis();
        let before = self.followed.load(Ordering::SeqCst);
        if before == NOBODY || shown.abs_diff(before) > CLOSE {
            self.followed.store(shown, Ordering::SeqCst);
        }
    }
}

/// A clock that only moves by hand.
#[derive(Debug)]
pub struct TestClock(AtomicI64);

impl TestClock {
    /// A clock that shows `start`.
    #[must_use]
    pub fn at(start: Timestamp) -> Self {
        Self(AtomicI64::new(start.millis()))
    }

    /// Moves it forward.
    pub fn advance(&self, span: std::time::Duration) {
        self.0.fetch_add(
            i64::try_from(span.as_millis()).unwrap_or(i64::MAX),
            Ordering::SeqCst,
        );
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::SeqCst))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_host_that_is_wrong_follows_the_database() {
        let clock = HostClock::default();
        let host = clock.now();
        let reading = host.minus(Duration::from_mins(5));
        // The reading is three seconds old.
        let at = clock.started.plus(Duration::from_secs(3));
        clock.follow(reading, at);
        let ahead = clock.now().since(reading.minus(Duration::from_secs(3)));
        assert_eq!(
            ahead.as_secs(),
            0,
            "the moment of the answer counts, not when it is taken over"
        );
        assert!(clock.now() < host);
        // A small difference is due to the network; a machine that slept differs more.
        let shown = clock.followed.load(Ordering::SeqCst);
        for (off, expected) in [(100, 0), (-100, 0), (101, 101), (600_000, 600_000)] {
            clock.followed.store(shown, Ordering::SeqCst);
            clock.follow(Timestamp::from_millis(shown + off), clock.started);
            assert_eq!(
                clock.followed.load(Ordering::SeqCst) - shown,
                expected,
                "{off} ms off"
            );
        }
        clock.follow(host.plus(Duration::from_mins(5)), clock.started);
        assert!(clock.now() >= host.plus(Duration::from_mins(5)));
    }
}
