//! Token buckets, in the memory of this server: a rate an hour, and a burst.

use crate::domain::time::Timestamp;
use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Mutex, PoisonError},
};

const HOUR: i64 = 3_600_000;
const SECOND: i64 = 1_000;
/// Maximum number of buckets. When all are in use, a new `K` is over its limit.
const MOST: usize = 100_000;

/// Limits events to a rate an hour. A bucket is one number (the GCRA): the time at which it is full again.
pub struct Bucket<K> {
    /// Milliseconds after which a token is added.
    interval: i64,
    /// Tokens of a full bucket.
    burst: u32,
    most: usize,
    full_at: Mutex<Buckets<K>>,
}

struct Buckets<K> {
    full_at: HashMap<K, Timestamp>,
    swept_at: Timestamp,
}

impl<K: Eq + Hash> Bucket<K> {
    /// Allows `an_hour` events for each `K`, up to `burst` of them at once.
    #[must_use]
    pub fn new(an_hour: u32, burst: u32) -> Self {
        let an_hour = an_hour.max(1);
        Self {
            interval: (HOUR / i64::from(an_hour)).max(1),
            burst: burst.clamp(1, an_hour),
            most: MOST,
            full_at: Mutex::new(Buckets {
                full_at: HashMap::new(),
                swept_at: Timestamp::from_millis(i64::MIN),
            }),
        }
    }

    /// Takes a token.
    ///
    /// # Errors
    /// Whole seconds until the next token, at least 1.
    pub fn take(&self, thing: K, now: Timestamp) -> Result<(), u32> {
        let size = self.interval.saturating_mul(i64::from(self.burst));
        let latest = Timestamp::from_millis(now.millis().saturating_add(size));
        let mut buckets = self.full_at.lock().unwrap_or_else(PoisonError::into_inner);
        let known = buckets.full_at.get(&thing).copied();
        if known.is_none() && buckets.full_at.len() >= self.most {
            // Scanned at most once a second.
            if now.millis().abs_diff(buckets.swept_at.millis()) >= SECOND.unsigned_abs() {
                buckets.full_at.retain(|_, full_at| *full_at > now);
                buckets.swept_at = now;
            }
            if buckets.full_at.len() >= self.most {
                return Err(seconds(self.interval));
            }
        }
        // Clamped, because the clock can have been set back: no bucket is emptier than empty.
        let full_at = known.unwrap_or(now).clamp(now, latest);
        let after = Timestamp::from_millis(full_at.millis().saturating_add(self.interval));
        if after > latest {
            return Err(seconds(after.millis() - latest.millis()));
        }
        buckets.full_at.insert(thing, after);
        Ok(())
    }
}

fn seconds(millis: i64) -> u32 {
    let seconds = u64::try_from(millis).unwrap_or_default().div_ceil(1_000).max(1);
    u32::try_from(seconds).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    const NOW: Timestamp = Timestamp::from_millis(1_795_453_200_000);

    #[test]
    fn some_at_once_and_then_one_an_interval() {
        let bucket = Bucket::new(20, 5);
        let after = |seconds| NOW.plus(Duration::from_secs(seconds));
        for _ in 0..5 {
            assert_eq!(bucket.take("a", NOW), Ok(()));
        }
        assert_eq!(bucket.take("a", NOW), Err(180));
        assert_eq!(bucket.take("b", NOW), Ok(()));
        assert_eq!(bucket.take("a", after(179)), Err(1));
        assert_eq!(bucket.take("a", after(180)), Ok(()));
        assert_eq!(
            bucket.take("a", after(180)),
            Err(180),
            "what is refused costs nothing"
        );
        let refilled = (0..10).filter(|_| bucket.take("a", after(3_600)).is_ok());
        assert_eq!(refilled.count(), 5);
    }

    #[test]
    fn no_hour_has_more_than_the_limit_and_the_burst() {
        for (limit, burst) in [(20, 5), (1, 1), (7, 5)] {
            let bucket = Bucket::new(limit, 5);
            let hour =
                (0..3_600).filter(|&second| bucket.take((), NOW.plus(Duration::from_secs(second))).is_ok());
            let count = hour.count();
            assert!(
                count <= (limit + burst) as usize && count >= limit as usize,
                "{limit}: {count}"
            );
        }
    }

    #[test]
    fn a_clock_that_is_set_back_takes_nothing_away_for_long() {
        let bucket = Bucket::new(20, 5);
        assert_eq!(bucket.take("a", NOW.plus(Duration::from_hours(9))), Ok(()));
        assert_eq!(bucket.take("a", NOW), Err(180));
    }

    #[test]
    fn the_buckets_have_an_end() {
        let bucket = Bucket {
            most: 2,
            ..Bucket::new(20, 5)
        };
        assert_eq!(bucket.take("a", NOW), Ok(()));
        assert_eq!(bucket.take("b", NOW), Ok(()));
        assert_eq!(bucket.take("c", NOW), Err(180));
        assert_eq!(bucket.take("a", NOW), Ok(()), "who is known has a bucket");
        let later = NOW.plus(Duration::from_mins(3));
        assert_eq!(bucket.take("c", later), Ok(()), "b's is full again and forgotten");
    }
}
