//! Rate limit for log lines that clients cause, so that requests cannot fill the disk (docs/security.md, S90).
//! Suppressed lines of failures are counted, and the next line says how many there were.

use std::{
    sync::{
        LazyLock,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Instant,
};

/// Maximum number of lines of a call site in a second.
const LINES: u64 = 10;

static START: LazyLock<Instant> = LazyLock::new(Instant::now);

/// Rate limit of one call site.
#[derive(Debug)]
pub struct LogLimit {
    /// Number of lines in a window.
    most: u64,
    /// Length of a window in seconds. A window begins with its first line.
    seconds: u64,
    /// The second after which the next window may begin.
    ends_at: AtomicU64,
    lines: AtomicU64,
    left_out: AtomicU64,
}

impl LogLimit {
    /// Ten lines a second, for failures of the server.
    #[must_use]
    pub const fn new() -> Self {
        Self::of(LINES, 1)
    }

    /// One line a minute, for refusals that the operator can prevent with a setting.
    #[must_use]
    pub const fn once_a_minute() -> Self {
        Self::of(1, 60)
    }

    const fn of(most: u64, seconds: u64) -> Self {
        Self {
            most,
            seconds,
            ends_at: AtomicU64::new(0),
            lines: AtomicU64::new(0),
            left_out: AtomicU64::new(0),
        }
    }

    /// Whether a line may be written now.
    pub fn allows(&self) -> bool {
        self.allows_at(START.elapsed().as_secs())
    }

    fn allows_at(&self, second: u64) -> bool {
        let ends_at = self.ends_at.load(Relaxed);
        let next = second + self.seconds;
        if second >= ends_at
            && self
                .ends_at
                .compare_exchange(ends_at, next, Relaxed, Relaxed)
                .is_ok()
        {
            self.lines.store(0, Relaxed);
            let left_out = self.left_out.swap(0, Relaxed);
            // A line a minute stays one line.
            if left_out > 0 && self.most > 1 {
                tracing::warn!(left_out, "lines like the next one were suppressed");
            }
        }
        let allowed = self.lines.fetch_add(1, Relaxed) < self.most;
        if !allowed {
            self.left_out.fetch_add(1, Relaxed);
        }
        allowed
    }
}

impl Default for LogLimit {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_of_lines_holds_for_each_second() {
        let limit = LogLimit::new();
        for second in [7, 8] {
            let allowed = (0..1_000).filter(|_| limit.allows_at(second)).count();
            assert_eq!(allowed as u64, LINES);
        }
        assert_eq!(limit.left_out.load(Relaxed), 1_000 - LINES);
    }

    #[test]
    fn one_line_a_minute_means_a_minute_between_two_lines() {
        let limit = LogLimit::once_a_minute();
        let allowed: Vec<_> = (55..240).filter(|second| limit.allows_at(*second)).collect();
        assert_eq!(allowed, [55, 115, 175, 235]);
    }
}
