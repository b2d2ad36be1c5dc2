//! Stored passwords: argon2id, computed outside of the threads that answer requests (docs/security.md, S2 to
//! S4).

use super::{
    fair_queue::{Busy, FairQueue},
    judge,
};
use crate::{
    domain::{client_network::Network, own_words::OwnWords, password::Password},
    server::runtime::rng::Rng,
};
use argon2::{
    Algorithm, Argon2, Params, Version,
    password_hash::{PasswordHasher as _, PasswordVerifier as _, phc::PasswordHash},
};
use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

/// Queue length for hashes.
const QUEUE: usize = 32;
/// Queue length for scoring new passwords.
const JUDGE_QUEUE: usize = 32;
/// How long a job waits for a permit.
const PATIENCE: Duration = Duration::from_secs(2);
/// Maximum memory of a stored hash, in KiB: a planted one must not exhaust the machine (S3).
const MOST_MEMORY: u32 = 128 * 1024;

/// Parameters of argon2id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    /// Memory in KiB.
    pub memory: u32,
    /// Number of passes.
    pub passes: u32,
}

impl Cost {
    /// The parameters of S3.
    pub const DEFAULT: Self = Self {
        memory: 19_456,
        passes: 2,
    };
}

/// Result of a password check.
#[derive(Debug, PartialEq, Eq)]
pub enum Checked {
    /// Wrong password, or no such person.
    Wrong,
    /// Right password.
    Right,
    /// Right password, and a stronger hash to store in place of the old one.
    Rehashed(String),
}

/// Hashes and checks passwords, a few at a time. Client networks take turns.
pub struct Passwords {
    argon2: Argon2<'static>,
    /// Checked when there is no stored hash, so that both cases take equally long (S6).
    decoy: String,
    hashing: FairQueue<Network>,
    /// Scoring has its own slots, so that sign-ins do not wait for sign-ups.
    judging: FairQueue<Network>,
    patience: Duration,
    runs: AtomicU64,
    rng: Arc<dyn Rng>,
}

impl Passwords {
    /// A hasher that runs at most `min(cores, 4)` jobs at once.
    ///
    /// # Panics
    /// When argon2 does not allow `cost`, which is a constant of the program.
    #[must_use]
    pub fn new(cost: Cost, rng: Arc<dyn Rng>) -> Self {
        let params =
            Params::new(cost.memory, cost.passes, 1, None).expect("the cost is one that argon2 allows");
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let decoy =
            hash(&argon2, &Password::default(), &rng.bytes()).expect("an empty password can be hashed");
        let places = std::thread::available_parallelism().map_or(1, usize::from).min(4);
        Self {
            argon2,
            decoy,
            hashing: FairQueue::new(places, QUEUE),
            judging: FairQueue::new((places / 2).max(1), JUDGE_QUEUE),
            patience: PATIENCE,
            runs: AtomicU64::new(0),
            rng,
        }
    }

    /// Hashes a new password; returns a PHC string with a 16-byte salt.
    ///
    /// # Errors
    /// [`Busy`] when no permit is free in time.
    pub async fn hash(&self, password: Password, network: Network) -> Result<String, Busy> {
        let (argon2, salt) = (self.argon2.clone(), self.rng.bytes());
        self.run(&self.hashing, network, move || hash(&argon2, &password, &salt))
            .await?
            .ok_or(Busy)
    }

    /// Checks a password against the stored hash, or does the same work when there is none.
    ///
    /// # Errors
    /// [`Busy`] when no permit is free in time.
    pub async fn check(
        &self,
        password: Password,
        stored: Option<String>,
        network: Network,
    ) -> Result<Checked, Busy> {
        let argon2 = self.argon2.clone();
        let known = stored.is_some();
        let stored = stored.unwrap_or_else(|| self.decoy.clone());
        let salt = self.rng.bytes();
        self.run(&self.hashing, network, move || {
            match verify(&argon2, &password, &stored) {
                Some(as_strong) if known => {
                    if as_strong {
                        Checked::Right
                    } else {
                        hash(&argon2, &password, &salt).map_or(Checked::Right, Checked::Rehashed)
                    }
                }
                _ => Checked::Wrong,
            }
        })
        .await
    }

    /// Advice for a password that is easy to guess; `None` if it is not. `own` are words that an attacker
    /// would try first.
    ///
    /// # Errors
    /// [`Busy`] when no permit is free in time.
    pub async fn weakness(
        &self,
        password: Password,
        own: OwnWords,
        network: Network,
    ) -> Result<Option<String>, Busy> {
        self.run(&self.judging, network, move || {
            judge::weakness(password.expose(), &own)
        })
        .await
    }

    /// Number of jobs that have run, for tests.
    #[must_use]
    pub fn runs(&self) -> u64 {
        self.runs.load(Ordering::SeqCst)
    }

    /// Runs a job on a blocking thread. The permit moves into the job: if the request is cancelled, the
    /// permit is only released once the job has ended.
    async fn run<T: Send + 'static>(
        &self,
        queue: &FairQueue<Network>,
        network: Network,
        job: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Busy> {
        let permit = queue.acquire(network, self.patience).await?;
        self.runs.fetch_add(1, Ordering::SeqCst);
        tokio::task::spawn_blocking(move || {
            let _permit = permit;
            job()
        })
        .await
        .map_err(|_| Busy)
    }
}

fn hash(argon2: &Argon2<'_>, password: &Password, salt: &[u8; 16]) -> Option<String> {
    argon2
        .hash_password_with_salt(password.expose().as_bytes(), salt)
        .ok()
        .map(|hash| hash.to_string())
}

/// Whether the password is right; if so, whether the stored hash is as strong as a new one.
fn verify(argon2: &Argon2<'_>, password: &Password, stored: &str) -> Option<bool> {
    let hash = PasswordHash::new(stored).ok()?;
    let params = Params::try_from(&hash).ok()?;
    if params.m_cost() > MOST_MEMORY {
        return None;
    }
    argon2.verify_password(password.expose().as_bytes(), &hash).ok()?;
    let wanted = argon2.params();
    Some(
        hash.algorithm.as_str() == Algorithm::Argon2id.as_str()
            && params.m_cost() >= wanted.m_cost()
            && params.t_cost() >= wanted.t_cost(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::runtime::rng::SeededRng;

    fn passwords(cost: Cost) -> Passwords {
        Passwords::new(cost, Arc::new(SeededRng::new(7)))
    }

    fn typed(text: &str) -> Password {
        Password::new(text.to_owned())
    }

    const CHEAP: Cost = Cost {
        memory: 64,
        passes: 1,
    };
    const DEARER: Cost = Cost {
        memory: 128,
        passes: 1,
    };

    #[tokio::test]
    async fn the_default_is_argon2id_with_the_parameters_of_s3() {
        let stored = passwords(Cost::DEFAULT)
            .hash(typed("correct horse"), Network::Unreadable)
            .await
            .expect("a place");
        assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{stored}");
        let salt = stored.split('$').nth(4).expect("a salt");
        assert_eq!(salt.len(), 22, "16 bytes in base64 without padding");
    }

    #[tokio::test]
    async fn right_wrong_and_unknown_sign_ins_hash_once_each() {
        let passwords = passwords(CHEAP);
        let stored = passwords
            .hash(typed("correct horse"), Network::Unreadable)
            .await
            .expect("a place");
        for (text, stored, expected) in [
            ("correct horse", Some(stored.clone()), Checked::Right),
            ("wrong horse", Some(stored), Checked::Wrong),
            ("wrong horse", None, Checked::Wrong),
            ("", None, Checked::Wrong),
        ] {
            let before = passwords.runs();
            assert_eq!(
                passwords.check(typed(text), stored, Network::Unreadable).await,
                Ok(expected)
            );
            assert_eq!(passwords.runs() - before, 1);
        }
    }

    #[tokio::test]
    async fn a_weaker_hash_is_replaced_and_a_stronger_one_kept() {
        let weak = passwords(CHEAP)
            .hash(typed("correct horse"), Network::Unreadable)
            .await
            .expect("a place");
        let strong = passwords(DEARER)
            .hash(typed("correct horse"), Network::Unreadable)
            .await
            .expect("a place");
        match passwords(DEARER)
            .check(typed("correct horse"), Some(weak), Network::Unreadable)
            .await
        {
            Ok(Checked::Rehashed(new)) => assert!(new.contains("m=128"), "{new}"),
            other => panic!("{other:?}"),
        }
        assert_eq!(
            passwords(CHEAP)
                .check(typed("correct horse"), Some(strong), Network::Unreadable)
                .await,
            Ok(Checked::Right)
        );
    }

    #[tokio::test]
    async fn a_planted_hash_cannot_ask_for_more_than_128_mib() {
        let stored = "$argon2id$v=19$m=131073,t=1,p=1$c29tZXNhbHRzb21lc2FsdA$\
                      RdescudvJCsgt3ub+b4dWRWJTmaaJObGRdescudvJCs";
        assert_eq!(
            passwords(CHEAP)
                .check(typed("x"), Some(stored.into()), Network::Unreadable)
                .await,
            Ok(Checked::Wrong)
        );
    }

    #[tokio::test]
    async fn guessable_passwords_get_advice() {
        let passwords = passwords(CHEAP);
        let weakness = async |text: &str| {
            let own = OwnWords::new("Zoë Quartz", "ada@example.com", "BabySea");
            let judged = passwords.weakness(typed(text), own, Network::Unreadable);
            judged.await.expect("a place")
        };
        for weak in ["password1234", "1234567890", "qwertyuiop"] {
            let advice = weakness(weak).await;
            assert!(
                advice.is_some_and(
                    |advice| advice.starts_with("Too easy to guess.") && !advice.contains("your name")
                ),
                "{weak}"
            );
        }
        for own in [
            "babyseababysea",
            "ada@example.com",
            "example.com1",
            "Zoe Quartz 1990",
        ] {
            let advice = weakness(own).await;
            assert!(advice.is_some_and(|advice| advice.contains("your name")), "{own}");
        }
        assert_eq!(weakness("tidal moss quartz lantern").await, None);
    }

    /// Takes all permits for hashing.
    async fn hashing_is_full(passwords: &Passwords) -> Vec<impl Sized> {
        let mut permits = Vec::new();
        while let Ok(permit) = passwords
            .hashing
            .acquire(Network::Unreadable, Duration::ZERO)
            .await
        {
            permits.push(permit);
        }
        permits
    }

    #[tokio::test]
    async fn waiting_ends() {
        let passwords = Passwords {
            patience: Duration::ZERO,
            ..passwords(CHEAP)
        };
        let _all = hashing_is_full(&passwords).await;
        let hashed = passwords.hash(typed("correct horse"), Network::Unreadable).await;
        assert_eq!(hashed, Err(Busy));
        assert_eq!(passwords.runs(), 0);
    }

    #[tokio::test]
    async fn judging_and_hashing_do_not_wait_for_each_other() {
        let passwords = passwords(CHEAP);
        let _all = hashing_is_full(&passwords).await;
        let own = OwnWords::new("Ada Moss", "ada@example.com", "BabySea");
        let judged = passwords.weakness(typed("tidal moss quartz lantern"), own, Network::Unreadable);
        assert_eq!(judged.await, Ok(None));
    }
}
