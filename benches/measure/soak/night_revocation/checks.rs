//! Checks of one key, judged by when they began.

use super::Failure;
use crate::program::status;
use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::{
    task::JoinHandle,
    time::{MissedTickBehavior, interval, sleep},
};

/// Maximum time until a server accepts a new key.
const KNOWN: Duration = Duration::from_secs(10);
const POLL: Duration = Duration::from_millis(5);

/// A check and its answer.
pub struct Check {
    began: Instant,
    /// 0 if there was no response.
    status: u16,
}

/// Checks a key again and again on one connection.
pub struct Checker {
    signals: Arc<Signals>,
    checks: JoinHandle<Vec<Check>>,
}

#[derive(Default)]
struct Signals {
    stop: AtomicBool,
    accepted: AtomicBool,
}

impl Checker {
    /// Checks the key once in each period. A failed connection is replaced.
    pub fn start(server: SocketAddr, secret: &str, period: Duration) -> Self {
        let signals = Arc::<Signals>::default();
        let checks = tokio::spawn(check(server, secret.to_owned(), period, Arc::clone(&signals)));
        Self { signals, checks }
    }

    /// Waits until the key was accepted: from then on the server has it cached.
    pub async fn accepted(&self) -> Result<(), Failure> {
        let began = Instant::now();
        while !self.signals.accepted.load(Ordering::SeqCst) {
            if began.elapsed() > KNOWN {
                return Err("a new key is not accepted".into());
            }
            sleep(POLL).await;
        }
        Ok(())
    }

    /// Stops after the check that is in flight.
    pub async fn finish(self) -> Result<Vec<Check>, Failure> {
        self.signals.stop.store(true, Ordering::SeqCst);
        Ok(self.checks.await?)
    }
}

async fn check(server: SocketAddr, secret: String, period: Duration, signals: Arc<Signals>) -> Vec<Check> {
    let (mut connection, mut checks) = (None, Vec::new());
    let mut ticks = interval(period);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    while !signals.stop.load(Ordering::SeqCst) {
        ticks.tick().await;
        let began = Instant::now();
        let status = status(&mut connection, server, &secret).await.unwrap_or_default();
        if status == 200 {
            signals.accepted.store(true, Ordering::SeqCst);
        }
        checks.push(Check { began, status });
    }
    checks
}

/// Results of one round or of several.
#[derive(Default)]
pub struct Seen {
    /// How long the answers took.
    pub took: Vec<Duration>,
    /// Answers with another status than 200.
    pub wrong: usize,
    /// Checks that began after the answer.
    pub after: usize,
    /// Those that were wrongly accepted.
    pub accepted: usize,
    /// Rounds in which a server was stopped while it had a transaction open.
    pub inside: u32,
    /// How late after the answer the last accepted check began.
    pub latest: Duration,
    /// Details about wrongly accepted checks.
    pub detail: String,
}

impl Seen {
    /// Counts an answer to a revocation.
    pub fn answer(&mut self, status: u16, took: Duration) {
        self.took.push(took);
        self.wrong += usize::from(status != 200);
    }

    /// Counts the checks that began after `answered`.
    pub fn judge(&mut self, checks: &[Check], answered: Instant) {
        for check in checks.iter().filter(|check| check.began > answered) {
            self.after += 1;
            if check.status == 200 {
                self.accepted += 1;
                self.latest = self.latest.max(check.began - answered);
            }
        }
    }

    /// Prints what broke the bounds of a round.
    pub fn report(&mut self, name: &str, round: u32) {
        if self.accepted > 0 || self.wrong > 0 {
            println!(
                "{name}: round {round}: {} accepted, the last {:.0?} after the answer; answers but 200: {}; {}",
                self.accepted, self.latest, self.wrong, self.detail
            );
        }
        self.detail.clear();
    }

    /// Adds the results of other rounds.
    pub fn add(&mut self, other: Self) {
        self.took.extend(other.took);
        self.wrong += other.wrong;
        self.after += other.after;
        self.accepted += other.accepted;
        self.inside += other.inside;
    }
}
