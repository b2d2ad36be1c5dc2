//! Quotas: the requests that accounts and keys have left in this minute (docs/security.md, S55, S56).

use crate::{
    domain::{
        ids::{AccountId, KeyId},
        time::Timestamp,
    },
    server::runtime::window::{Exceeded, MINUTE, is_another, wait},
};
use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

/// Shards, so that requests of different accounts rarely wait for each other.
const SHARDS: usize = 32;

/// The quota of an account, or of a key with its own limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    /// Requests a minute.
    pub limit: u32,
    /// Requests left in this minute.
    pub remaining: u32,
    /// The minute's end in Unix seconds.
    pub resets_at: i64,
}

impl Quota {
    /// The quota of a caller over the limit: nothing is left.
    #[must_use]
    pub fn used_up(exceeded: Exceeded, now: Timestamp) -> Self {
        Self {
            limit: exceeded.limit,
            remaining: 0,
            resets_at: (now.millis().div_euclid(MINUTE) + 1) * (MINUTE / 1000),
        }
    }
}

/// Used quota of an account and its keys in a minute.
#[derive(Default)]
struct Used {
    account: u32,
    /// Of keys with their own rate limit.
    keys: HashMap<KeyId, u32>,
}

#[derive(Default)]
struct Minute {
    number: i64,
    accounts: HashMap<AccountId, Used>,
}

/// The quotas of every account.
pub struct Quotas {
    per_account: Option<u32>,
    shards: [Mutex<Minute>; SHARDS],
}

impl Quotas {
    /// Gives each account a rate limit, in requests a minute for all its keys together; `None` is no limit.
    #[must_use]
    pub fn new(per_account: Option<u32>) -> Self {
        Self {
            per_account,
            shards: std::array::from_fn(|_| Mutex::default()),
        }
    }

    /// Takes one request from the quotas of a key and its account, or from neither if one of them has none left.
    ///
    /// # Errors
    /// The exceeded limit, with the quota.
    pub fn take(
        &self,
        account: AccountId,
        key: KeyId,
        per_key: Option<u32>,
        now: Timestamp,
    ) -> (Option<Quota>, Result<(), Exceeded>) {
        self.ask(account, key, per_key, now, 1)
    }

    /// The quota of a key or its account, whichever has less left.
    #[must_use]
    pub fn peek(
        &self,
        account: AccountId,
        key: KeyId,
        per_key: Option<u32>,
        now: Timestamp,
    ) -> Option<Quota> {
        self.ask(account, key, per_key, now, 0).0
    }

    fn ask(
        &self,
        account: AccountId,
        key: KeyId,
        per_key: Option<u32>,
        now: Timestamp,
        cost: u32,
    ) -> (Option<Quota>, Result<(), Exceeded>) {
        if self.per_account.is_none() && per_key.is_none() {
            return (None, Ok(()));
        }
        // The remainder is smaller than the number of shards.
        let shard = usize::try_from(account.uuid().as_u128() % SHARDS as u128).unwrap_or_default();
        let mut minute = self.shards[shard].lock().unwrap_or_else(PoisonError::into_inner);
        let number = now.millis().div_euclid(MINUTE);
        if is_another(number, minute.number) {
            *minute = Minute {
                number,
                accounts: HashMap::new(),
            };
        }
        let number = minute.number;
        let used = minute.accounts.entry(account).or_default();
        let of_key = used.keys.get(&key).copied().unwrap_or_default();
        let left = |limit: u32, used: u32| Quota {
            limit,
            remaining: limit.saturating_sub(used),
            resets_at: (number + 1) * (MINUTE / 1000),
        };
        let tightest = |account: u32, key: u32| {
            let limits = [
                self.per_account.map(|limit| left(limit, account)),
                per_key.map(|limit| left(limit, key)),
            ];
            limits.into_iter().flatten().min_by_key(|quota| quota.remaining)
        };
        let before = tightest(used.account, of_key);
        match before {
            Some(quota) if quota.remaining < cost => {
                let exceeded = Exceeded {
                    limit: quota.limit,
                    retry_after: wait(number, now),
                };
                (before, Err(exceeded))
            }
            _ if cost == 0 => (before, Ok(())),
            _ => {
                used.account += cost;
                if per_key.is_some() {
                    used.keys.insert(key, of_key + cost);
                }
                (tightest(used.account, of_key + cost), Ok(()))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids() -> (AccountId, [KeyId; 2]) {
        (
            AccountId::from_random([7; 16]),
            [1, 2].map(|n| KeyId::from_random([n; 16])),
        )
    }

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(1_795_453_200_000 + millis)
    }

    #[test]
    fn the_keys_of_an_account_share_its_limit() {
        let (account, [one, two]) = ids();
        let quotas = Quotas::new(Some(2));
        let (quota, taken) = quotas.take(account, one, None, at(1_500));
        assert_eq!(taken, Ok(()));
        let resets_at = at(60_000).millis() / 1000;
        assert_eq!(
            quota,
            Some(Quota {
                limit: 2,
                remaining: 1,
                resets_at
            })
        );
        assert_eq!(quotas.take(account, two, None, at(1_500)).1, Ok(()));
        let exceeded = Exceeded {
            limit: 2,
            retry_after: 59,
        };
        assert_eq!(quotas.take(account, one, None, at(1_500)).1, Err(exceeded));
        assert_eq!(
            quotas
                .peek(account, two, None, at(1_500))
                .map(|quota| quota.remaining),
            Some(0)
        );
        assert_eq!(quotas.take(account, one, None, at(60_500)).1, Ok(()));
    }

    #[test]
    fn a_key_past_its_own_limit_uses_nothing_of_its_accounts() {
        let (account, [one, two]) = ids();
        let quotas = Quotas::new(Some(3));
        assert_eq!(
            quotas
                .take(account, one, Some(1), at(0))
                .0
                .map(|quota| quota.limit),
            Some(1)
        );
        for _ in 0..5 {
            assert!(quotas.take(account, one, Some(1), at(0)).1.is_err());
        }
        assert_eq!(quotas.take(account, two, None, at(0)).1, Ok(()));
        assert_eq!(quotas.take(account, two, None, at(0)).1, Ok(()));
        assert!(quotas.take(account, two, None, at(0)).1.is_err());
    }

    #[test]
    fn the_quota_after_a_request_counts_that_request() {
        let (account, [one, _]) = ids();
        let quotas = Quotas::new(None);
        for remaining in [2, 1, 0] {
            let (quota, taken) = quotas.take(account, one, Some(3), at(0));
            assert_eq!(
                (quota.map(|quota| quota.remaining), taken),
                (Some(remaining), Ok(()))
            );
        }
        let exceeded = quotas
            .take(account, one, Some(3), at(1_500))
            .1
            .expect_err("none is left");
        let used_up = Quota {
            limit: 3,
            remaining: 0,
            resets_at: at(60_000).millis() / 1000,
        };
        assert_eq!(Quota::used_up(exceeded, at(1_500)), used_up);
    }

    #[test]
    fn threads_at_once_get_what_is_left_and_no_more() {
        const THREADS: usize = 100;
        let (account, [one, other]) = ids();
        let quotas = Quotas::new(Some(400));
        let together = std::sync::Barrier::new(THREADS);
        let passed = |key, limit| {
            together.wait();
            (0..10)
                .filter(|_| quotas.take(account, key, limit, at(0)).1.is_ok())
                .count()
        };
        let counts = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..THREADS)
                .map(|n| {
                    let own = (n % 2 == 0).then_some(150);
                    let key = if n % 2 == 0 { one } else { other };
                    scope.spawn(move || (n % 2, passed(key, own)))
                })
                .collect();
            threads
                .into_iter()
                .map(std::thread::ScopedJoinHandle::join)
                .collect::<Vec<_>>()
        });
        let mut sums = [0, 0];
        for count in counts {
            let (of, count) = count.expect("a thread that ended");
            sums[of] += count;
        }
        assert_eq!(sums[0] + sums[1], 400, "of 1,000 that were asked for");
        assert!(sums[0] <= 150, "the key with a limit of its own: {}", sums[0]);
    }

    #[test]
    fn querying_takes_nothing_and_without_limits_there_is_no_quota() {
        let (account, [one, _]) = ids();
        let quotas = Quotas::new(Some(1));
        for _ in 0..3 {
            assert_eq!(
                quotas
                    .peek(account, one, None, at(0))
                    .map(|quota| quota.remaining),
                Some(1)
            );
        }
        assert_eq!(Quotas::new(None).take(account, one, None, at(0)), (None, Ok(())));
    }

    #[test]
    fn a_clock_set_back_gives_no_minute_twice() {
        let (account, [one, _]) = ids();
        let quotas = Quotas::new(Some(1));
        assert_eq!(quotas.take(account, one, None, at(60_100)).1, Ok(()));
        let back = quotas.take(account, one, None, at(59_900));
        assert_eq!(back.1.map_err(|exceeded| exceeded.retry_after), Err(61));
        // After the clock was set back by an hour, the window starts at the new time.
        assert_eq!(quotas.take(account, one, None, at(-3_600_000)).1, Ok(()));
    }
}
