//! Minimum read rate of clients: a client must read some byte of a waiting response in time, and enough bytes
//! over time (docs/security.md, S88).

use std::time::Duration;
use tokio::time::Instant;

/// Measures how fast the client of a connection reads responses. Time counts only while a response waits for the
/// client. A period ends after `time` of such waiting.
#[derive(Debug)]
pub struct Patience {
    /// Time in which it must read at least one byte, and `least` bytes if a response waits for all of that
    /// time.
    time: Duration,
    least: usize,
    /// How long responses have waited in this period, without the current wait.
    waited: Duration,
    taken: usize,
    waits: Option<Waits>,
}

/// A response waits for the client.
#[derive(Clone, Copy, Debug)]
struct Waits {
    /// When the last byte was read.
    began: Instant,
    /// Start of the part of the wait that `waited` does not include yet.
    counted: Instant,
}

impl Patience {
    /// A client with a waiting response must take `least` bytes in each `time`.
    #[must_use]
    pub const fn new(time: Duration, least: usize) -> Self {
        Self {
            time,
            least,
            waited: Duration::ZERO,
            taken: 0,
            waits: None,
        }
    }

    /// Records that the client has read so many bytes.
    pub fn took(&mut self, bytes: usize, now: Instant) {
        self.taken = self.taken.saturating_add(bytes);
        if let Some(Waits { counted, .. }) = self.waits.take() {
            self.waited += now.saturating_duration_since(counted);
        }
    }

    /// Records that a response waits for the client. Returns the deadline; `None` if the client has read too
    /// little.
    #[must_use]
    pub fn waits(&mut self, now: Instant) -> Option<Instant> {
        let Waits { began, counted } = *self.waits.get_or_insert(Waits {
            began: now,
            counted: now,
        });
        let stalls = began + self.time;
        let ends = counted + self.time.saturating_sub(self.waited);
        if now < stalls.min(ends) {
            return Some(stalls.min(ends));
        }
        if now >= stalls || self.taken < self.least {
            return None;
        }
        self.waited = Duration::ZERO;
        self.taken = 0;
        self.waits = Some(Waits { began, counted: now });
        Some(stalls)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIME: Duration = Duration::from_secs(30);
    const LEAST: usize = 1_024;

    fn second(second: u64) -> Duration {
        Duration::from_secs(second)
    }

    /// For how many seconds, up to an hour, a client is served that reads `bytes` of a waiting response every
    /// `every` seconds.
    fn served(bytes: usize, every: u64) -> u64 {
        let (mut patience, began) = (Patience::new(TIME, LEAST), Instant::now());
        for at in 0..3_600 {
            let now = began + second(at);
            if at > 0 && at % every == 0 {
                patience.took(bytes, now);
            }
            if patience.waits(now).is_none() {
                return at;
            }
        }
        3_600
    }

    #[test]
    fn a_client_must_take_something_and_enough() {
        assert_eq!(served(0, 1), 30, "nothing at all");
        assert_eq!(served(LEAST, 31), 30, "enough, but too late");
        assert_eq!(served(1, 29), 30, "a byte now and then");
        assert_eq!(served(LEAST / 30 - 1, 1), 30, "too little, all the time");
        assert_eq!(served(LEAST, 29), 3_600);
        assert_eq!(served(LEAST / 30 + 2, 1), 3_600);
    }

    #[test]
    fn only_the_time_counts_in_which_an_answer_waits() {
        let (mut patience, began) = (Patience::new(TIME, LEAST), Instant::now());
        // A small response every minute, each read after two seconds.
        for n in 0..14 {
            let now = began + second(60 * n);
            assert_eq!(patience.waits(now).map(|until| until > now), Some(true), "{n}");
            patience.took(10, now + second(2));
        }
        // The total waiting time reaches its limit two seconds later.
        let now = began + second(60 * 14);
        assert_eq!(patience.waits(now), Some(now + second(2)));
        assert_eq!(patience.waits(now + second(2)), None);
    }

    #[test]
    fn what_was_taken_before_does_not_count_for_ever() {
        let (mut patience, now) = (Patience::new(TIME, LEAST), Instant::now());
        patience.took(1_000_000, now);
        assert!(patience.waits(now).is_some());
        patience.took(1, now + second(20));
        assert_eq!(patience.waits(now + second(20)), Some(now + second(30)));
        assert_eq!(patience.waits(now + second(30)), Some(now + second(50)));
        patience.took(1, now + second(40));
        assert_eq!(patience.waits(now + second(40)), Some(now + second(60)));
        assert_eq!(patience.waits(now + second(60)), None);
    }
}
