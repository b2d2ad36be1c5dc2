//! Rate limits: fixed windows aligned to UTC minutes, in the memory of this server.

use crate::domain::time::Timestamp;
use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Mutex, PoisonError},
};

/// The length of a window, in milliseconds.
pub const MINUTE: i64 = 60_000;
/// Maximum number of distinct `K` in a window. When full, a new one is treated as over the limit; callers only count
/// requests that are already failing.
const MOST: usize = 100_000;

/// The limit was exceeded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exceeded {
    /// Events allowed in a minute.
    pub limit: u32,
    /// Whole seconds until the window ends, at least 1.
    pub retry_after: u32,
}

/// Counts events in the current minute, separately for each `K`, such as a client's address or an API key's id.
pub struct FixedWindow<K> {
    limit: u32,
    counted: Mutex<(i64, HashMap<K, u32>)>,
}

impl<K: Eq + Hash> FixedWindow<K> {
    /// Allows `limit` events a minute for each `K`.
    #[must_use]
    pub fn new(limit: u32) -> Self {
        Self {
            limit,
            counted: Mutex::default(),
        }
    }

    /// Counts an event.
    ///
    /// # Errors
    /// When it exceeds the limit.
    pub fn count(&self, thing: K, now: Timestamp) -> Result<(), Exceeded> {
        let minute = now.millis().div_euclid(MINUTE);
        let mut counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        if is_another(minute, counted.0) {
            *counted = (minute, HashMap::new());
        }
        let window = counted.0;
        let full = counted.1.len() >= MOST;
        let count = match counted.1.get_mut(&thing) {
            Some(count) => {
                *count = count.saturating_add(1);
                *count
            }
            None if full => u32::MAX,
            None => {
                counted.1.insert(thing, 1);
                1
            }
        };
        if count <= self.limit {
            return Ok(());
        }
        Err(Exceeded {
            limit: self.limit,
            retry_after: wait(window, now),
        })
    }

    /// Undoes the count of an event at `then`. Does nothing once that window is over.
    pub fn take_back(&self, thing: &K, then: Timestamp) {
        let mut counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        if then.millis().div_euclid(MINUTE) == counted.0
            && let Some(count) = counted.1.get_mut(thing)
        {
            *count = count.saturating_sub(1);
        }
    }
}

impl<K: Eq + Hash> FixedWindow<K> {
    /// Whether one more event would be within the limit; counts nothing.
    ///
    /// # Errors
    /// When it would not.
    pub fn peek(&self, thing: &K, now: Timestamp) -> Result<(), Exceeded> {
        let minute = now.millis().div_euclid(MINUTE);
        let counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counted.1.get(thing).copied().unwrap_or_default();
        if is_another(minute, counted.0) || count < self.limit {
            return Ok(());
        }
        Err(Exceeded {
            limit: self.limit,
            retry_after: wait(counted.0, now),
        })
    }
}

/// Whether `minute` starts a new window. A clock that is set back a little does not get the same minute
/// twice.
#[must_use]
pub const fn is_another(minute: i64, counted: i64) -> bool {
    minute > counted || minute + 1 < counted
}

/// Whole seconds until a window ends, at least 1. After that wait the next window has begun.
#[must_use]
pub fn wait(window: i64, now: Timestamp) -> u32 {
    let rest = (window + 1) * MINUTE - now.millis();
    u32::try_from(rest.div_euclid(1000) + i64::from(rest % 1000 > 0)).map_or(60, |seconds| seconds.max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_ends_with_its_utc_minute() {
        let limit = FixedWindow::new(2);
        let at = |millis: i64| Timestamp::from_millis(1_795_453_200_000 + millis);
        assert_eq!(limit.count("a", at(59_000)), Ok(()));
        assert_eq!(limit.count("a", at(59_000)), Ok(()));
        let exceeded = |retry_after| {
            Err(Exceeded {
                limit: 2,
                retry_after,
            })
        };
        assert_eq!(limit.count("a", at(58_000)), exceeded(2));
        assert_eq!(limit.count("a", at(59_999)), exceeded(1));
        assert_eq!(limit.count("b", at(59_999)), Ok(()));
        assert_eq!(limit.count("a", at(60_000)), Ok(()));
        assert_eq!(limit.count("a", at(60_000)), Ok(()));
        assert_eq!(limit.count("a", at(60_001)), exceeded(60));
    }

    #[test]
    fn querying_counts_nothing() {
        let limit = FixedWindow::new(1);
        let at = Timestamp::from_millis;
        for _ in 0..3 {
            assert_eq!(limit.peek(&"a", at(0)), Ok(()));
        }
        assert_eq!(limit.count("a", at(0)), Ok(()));
        let exceeded = Exceeded {
            limit: 1,
            retry_after: 60,
        };
        assert_eq!(limit.peek(&"a", at(0)), Err(exceeded));
        assert_eq!(limit.peek(&"b", at(0)), Ok(()));
        assert_eq!(limit.peek(&"a", at(MINUTE)), Ok(()), "another minute");
    }

    #[test]
    fn a_clock_set_back_does_not_give_a_minute_again() {
        let limit = FixedWindow::new(1);
        let at = Timestamp::from_millis;
        assert_eq!(limit.count("a", at(10 * MINUTE)), Ok(()));
        let exceeded = Exceeded {
            limit: 1,
            retry_after: 61,
        };
        assert_eq!(limit.count("a", at(10 * MINUTE - 1_000)), Err(exceeded));
        assert!(
            limit.count("a", at(10 * MINUTE)).is_err(),
            "the same minute once more"
        );
        // A window far in the future came from a wrong clock and is ignored.
        assert_eq!(limit.count("a", at(8 * MINUTE)), Ok(()));
    }

    #[test]
    fn a_window_has_an_end_of_its_memory() {
        let limit = FixedWindow::new(1);
        let now = Timestamp::from_millis(0);
        for n in 0..MOST {
            assert_eq!(limit.count(n, now), Ok(()));
        }
        assert!(limit.count(MOST, now).is_err());
        assert_eq!(limit.count(MOST, Timestamp::from_millis(MINUTE)), Ok(()));
    }

    #[test]
    fn an_undone_event_does_not_count() {
        let limit = FixedWindow::new(1);
        let now = Timestamp::from_millis(10 * MINUTE);
        assert_eq!(limit.count("a", now), Ok(()));
        limit.take_back(&"a", now);
        limit.take_back(&"a", now);
        limit.take_back(&"b", now);
        assert_eq!(limit.count("a", now), Ok(()));
        assert!(limit.count("a", now).is_err());
        // The window is over.
        let next = Timestamp::from_millis(11 * MINUTE);
        assert_eq!(limit.count("a", next), Ok(()));
        limit.take_back(&"a", now);
        assert!(limit.count("a", next).is_err());
    }
}
