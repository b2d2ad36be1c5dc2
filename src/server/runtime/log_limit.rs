//! Rate limit for log lines that clients cause, so that requests cannot fill the disk (docs/security.md, S90).
//! Suppressed lines are counted, and the next line says how many there were.

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
#[derive(Default)]
pub struct LogLimit {
    /// The second whose lines are counted.
    second: AtomicU64,
    lines: AtomicU64,
    left_out: AtomicU64,
}

impl LogLimit {
    /// A limit without lines so far.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            second: AtomicU64::new(0),
            lines: AtomicU64::new(0),
            left_out: AtomicU64::new(0),
        }
    }

    /// Whether a line may be written now.
    pub fn allows(&self) -> bool {
        self.allows_at(START.elapsed().as_secs())
    }

    fn allows_at(&self, second: u64) -> bool {
        if self.second.swap(second, Relaxed) != second {
            self.lines.store(0, Relaxed);
            let left_out = self.left_out.swap(0, Relaxed);
            if left_out > 0 {
                tracing::warn!(left_out, "lines like the next one were suppressed");
            }
        }
        let allowed = self.lines.fetch_add(1, Relaxed) < LINES;
        if !allowed {
            self.left_out.fetch_add(1, Relaxed);
        }
        allowed
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
}
