//! Requests to every server at a fixed rate, whether or not earlier ones are answered.

use super::super::bounds::people::{Person, create, key_of, once};
use super::{
    keys::Keys,
    request::{Kind, Verdict, revocation},
    seen::{Answer, Seen},
};
use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::{
    task::JoinSet,
    time::{MissedTickBehavior, interval},
};

/// The kinds of requests, which take turns, and the milliseconds of each turn.
const TURNS: [(u64, &[Kind]); 6] = [
    (
        20,
        &[Kind::Known, Kind::Fresh, Kind::Ended, Kind::Unknown, Kind::Made],
    ),
    (250, &[Kind::Create]),
    (250, &[Kind::Revoke]),
    (250, &[Kind::Page]),
    (200, &[Kind::Ready]),
    (200, &[Kind::ReadyForChecks]),
];
/// A 503 to a change that contains this means that the result is unknown.
const UNCERTAIN: &str = "may have been made";

/// The load generator.
pub struct Load {
    shared: Arc<Shared>,
    tasks: JoinSet<()>,
}

struct Shared {
    stop: AtomicBool,
    keys: Mutex<Keys>,
    answers: Mutex<Vec<Answer>>,
}

impl Shared {
    fn keys(&self) -> MutexGuard<'_, Keys> {
        self.keys.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn answers(&self) -> MutexGuard<'_, Vec<Answer>> {
        self.answers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The request, and the secret of the key that it revokes.
    fn request(&self, kind: Kind, turn: usize) -> Option<(String, String)> {
        let mut keys = self.keys();
        let get = |path: &str, header: &str| format!("GET {path} HTTP/1.1\r\nhost: soak\r\n{header}\r\n");
        let request = match kind {
            Kind::Create => create(&keys.person, "night", ""),
            Kind::Revoke => {
                let (id, secret) = keys.take_spare()?;
                return Some((revocation(&keys.person, &[&id]), secret));
            }
            Kind::Page => {
                let Person { slug, cookie, .. } = &keys.person;
                get(
                    &format!("/home/{slug}/api-keys"),
                    &format!("cookie: {cookie}\r\n"),
                )
            }
            Kind::Ready => get("/readyz", ""),
            Kind::ReadyForChecks => get("/readyz?checks", ""),
            _ => {
                let secret = keys.turn(kind, turn)?;
                get("/v1/status", &format!("authorization: Bearer {secret}\r\n"))
            }
        };
        Some((request, String::new()))
    }
}

impl Load {
    /// Starts all clients.
    pub fn start(servers: &[SocketAddr], keys: Keys) -> Self {
        let shared = Arc::new(Shared {
            stop: AtomicBool::default(),
            keys: Mutex::new(keys),
            answers: Mutex::default(),
        });
        let mut tasks = JoinSet::new();
        for &server in servers {
            for (period, kinds) in TURNS {
                let period = Duration::from_millis(period);
                tasks.spawn(every(Arc::clone(&shared), server, period, kinds));
            }
        }
        Self { shared, tasks }
    }

    /// Whether a creation that began after this moment was refused.
    pub fn refuses_creations_since(&self, moment: Instant) -> bool {
        self.shared.answers().iter().any(|answer| {
            answer.kind == Kind::Create && answer.verdict == Verdict::Refused && answer.began > moment
        })
    }

    /// Starts no further request, and waits for the last responses.
    pub async fn finish(mut self) -> (Seen, Keys) {
        self.shared.stop.store(true, Ordering::Relaxed);
        while self.tasks.join_next().await.is_some() {}
        let seen = Seen::new(std::mem::take(&mut *self.shared.answers()));
        // The clients have ended, so this is the last reference.
        let keys = Arc::into_inner(self.shared).expect("all tasks have ended").keys;
        (seen, keys.into_inner().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Sends requests at a fixed rate, whether or not earlier ones are answered.
async fn every(shared: Arc<Shared>, server: SocketAddr, period: Duration, kinds: &'static [Kind]) {
    let mut ticks = interval(period);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let mut running = JoinSet::new();
    for turn in 0.. {
        ticks.tick().await;
        if shared.stop.load(Ordering::Relaxed) {
            break;
        }
        while running.try_join_next().is_some() {}
        let kind = kinds[turn % kinds.len()];
        running.spawn(ask(Arc::clone(&shared), server, kind, turn / kinds.len()));
    }
    while running.join_next().await.is_some() {}
}

async fn ask(shared: Arc<Shared>, server: SocketAddr, kind: Kind, turn: usize) {
    let Some((request, secret)) = shared.request(kind, turn) else {
        return;
    };
    let began = Instant::now();
    // Status 0 stands for no response.
    let reply = once(server, &request).await.unwrap_or_default();
    let took = began.elapsed();
    let mut verdict = kind.judge(&reply);
    match (kind, verdict) {
        (Kind::Create, Verdict::Right) => match key_of(&reply) {
            Ok((_, secret)) => shared.keys().made(secret),
            Err(_) => verdict = Verdict::Wrong,
        },
        (Kind::Revoke, Verdict::Right) => shared.keys().ended(secret),
        (Kind::Revoke, Verdict::Refused) if !reply.body.contains(UNCERTAIN) => {
            shared.keys().unchanged(secret);
        }
        (Kind::Revoke, _) => shared.keys().uncertain(),
        _ => {}
    }
    shared.answers().push(Answer {
        kind,
        began,
        took,
        status: reply.status,
        verdict,
    });
}
