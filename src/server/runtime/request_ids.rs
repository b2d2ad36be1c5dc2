//! Request ids: `req_` and a ULID, whose random part starts at a random number and is incremented. They are
//! unique and ordered, and need not be hard to guess.

use super::rng::Rng;
use crate::domain::time::Timestamp;
use std::sync::atomic::{AtomicU64, Ordering};
use ulid::Ulid;

/// The ids of one process.
pub struct RequestIds {
    drawn: u128,
    given: AtomicU64,
}

impl RequestIds {
    /// Draws the random start.
    #[must_use]
    pub fn new(rng: &dyn Rng) -> Self {
        Self {
            drawn: u128::from_be_bytes(rng.bytes()),
            given: AtomicU64::new(0),
        }
    }

    /// The id of a request that arrived at `now`.
    #[must_use]
    pub fn next(&self, now: Timestamp) -> String {
        const PREFIX: &str = "req_";
        let millis = u64::try_from(now.millis()).unwrap_or_default();
        let number = self.given.fetch_add(1, Ordering::Relaxed);
        let random = self.drawn.wrapping_add(number.into()) & ((1 << Ulid::RAND_BITS) - 1);
        let mut digits = [0; ulid::ULID_LEN];
        let ulid = Ulid::from_parts(millis, random);
        let digits = ulid.array_to_str(&mut digits);
        let mut id = String::with_capacity(PREFIX.len() + digits.len());
        id.push_str(PREFIX);
        id.push_str(digits);
        id
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::runtime::rng::SeededRng;

    #[test]
    fn no_two_are_alike() {
        let now = Timestamp::from_millis(1_795_453_200_000);
        let ids = RequestIds::new(&SeededRng::new(1));
        let given: Vec<String> = (0..1_000).map(|_| ids.next(now)).collect();
        let mut sorted = given.clone();
        sorted.sort();
        sorted.dedup();
        assert_eq!(sorted.len(), given.len());
        let (prefix, ulid) = given[0].split_at(4);
        assert_eq!(prefix, "req_");
        assert_eq!(
            Ulid::from_string(ulid).expect("a ULID").timestamp_ms(),
            1_795_453_200_000
        );
        assert_ne!(RequestIds::new(&SeededRng::new(2)).next(now), given[0]);
    }
}
