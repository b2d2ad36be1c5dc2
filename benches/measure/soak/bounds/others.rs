//! The other clients, independent of each other and each with an address of its own.

use super::{
    Failure, Target, changes,
    people::{PATIENCE, Person, Sample, another_address, check, create, key_of, once, sign_in},
};
use crate::{
    counted,
    program::{Connection, Program, Reply, form, resident},
    soak::percentile,
};
use std::{
    collections::BTreeMap,
    fs, io,
    net::SocketAddr,
    path::PathBuf,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::{
    sync::Semaphore,
    task::JoinSet,
    time::{MissedTickBehavior, interval, sleep_until, timeout},
};

/// Connections on which the busy key is checked, and how often on each.
const BUSY: u32 = 16;
const BUSY_EVERY: Duration = Duration::from_millis(16);
/// Maximum delay of a check of the busy key; later ones are skipped.
const LATE: Duration = Duration::from_secs(1);
/// Maximum number of unanswered requests of a kind; beyond it none of that kind is sent.
const IN_FLIGHT: usize = 64;

/// Kinds of requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// The check of the busy key.
    Busy,
    /// The check of another cached key.
    Known,
    /// The check of a key that is not cached.
    Fresh,
    /// Creating a key.
    Create,
    /// Rotating one.
    Rotate,
    /// Revoking one.
    Revoke,
    /// Signing in.
    SignIn,
    /// `/readyz`.
    Ready,
}

/// Rates of the requests.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Rhythm {
    /// For scenarios that take seconds.
    Short,
    /// For scenarios that take minutes: keys that are not cached are used less often.
    Long,
    /// For scenarios that take minutes, with 20 changes a second ([`changes`]) instead of 5.
    Changing,
}

impl Kind {
    /// The checks of keys.
    pub const CHECKS: [Self; 3] = [Self::Busy, Self::Known, Self::Fresh];
    /// The changes.
    pub const CHANGES: [Self; 3] = [Self::Create, Self::Rotate, Self::Revoke];

    const fn expected(self) -> u16 {
        match self {
            Self::SignIn => 303,
            _ => 200,
        }
    }
}

/// Results of the requests.
#[derive(Default)]
pub struct Seen {
    /// Durations of responses, including refusals.
    times: BTreeMap<Kind, Vec<Duration>>,
    /// Responses with an unexpected status; 0 is no response.
    refused: BTreeMap<(Kind, u16), u32>,
    /// Maximum resident memory of the server, in megabytes.
    pub memory: f64,
    /// Maximum size of SQLite's write-ahead log, in bytes.
    pub wal: u64,
    /// How long it was watched.
    pub lasted: Duration,
}

impl Seen {
    /// Adds an answer.
    pub(super) fn add(&mut self, kind: Kind, began: Instant, answer: Result<u16, io::Error>) {
        self.times.entry(kind).or_default().push(began.elapsed());
        let status = answer.unwrap_or_default();
        if status != kind.expected() {
            *self.refused.entry((kind, status)).or_default() += 1;
        }
    }

    /// Number of expected responses.
    pub fn good(&self, kind: Kind) -> usize {
        let all = self.times.get(&kind).map_or(0, Vec::len);
        let refused = self.refused.iter().filter(|((of, _), _)| *of == kind);
        all.saturating_sub(refused.map(|(_, count)| *count as usize).sum())
    }

    /// Expected responses of these kinds a second.
    pub fn rate(&self, kinds: &[Kind]) -> f64 {
        let all = kinds.iter().map(|kind| self.good(*kind)).sum::<usize>();
        counted(all as u64) / self.lasted.as_secs_f64().max(f64::EPSILON)
    }

    /// A percentile of the durations of these kinds.
    pub fn percentile_of(&self, kinds: &[Kind], percent: usize) -> Duration {
        let times = kinds.iter().filter_map(|kind| self.times.get(kind));
        let mut times: Vec<_> = times.flatten().copied().collect();
        percentile(&mut times, percent)
    }

    /// A percentile of all durations.
    pub fn percentile(&mut self, kind: Kind, percent: usize) -> Duration {
        self.times
            .get_mut(&kind)
            .map_or(Duration::ZERO, |times| percentile(times, percent))
    }

    /// Refused requests of these kinds: `SignIn 503: 4`; or the number of responses.
    pub fn refused(&self, kinds: &[Kind]) -> (bool, String) {
        let refused: Vec<_> = self
            .refused
            .iter()
            .filter(|((kind, _), _)| kinds.contains(kind))
            .map(|((kind, status), count)| match status {
                0 => format!("{kind:?} no answer: {count}"),
                _ => format!("{kind:?} {status}: {count}"),
            })
            .collect();
        if refused.is_empty() {
            let all = kinds.iter().map(|kind| self.good(*kind)).sum::<usize>();
            return (true, format!("0 of {}", counted(all as u64)));
        }
        (false, refused.join(", "))
    }
}

/// The running clients.
pub struct Watch {
    stop: Arc<AtomicBool>,
    seen: Arc<Mutex<Seen>>,
    tasks: JoinSet<()>,
    began: Instant,
}

/// State that the clients share.
#[derive(Clone)]
pub(super) struct Shared {
    server: SocketAddr,
    stop: Arc<AtomicBool>,
    seen: Arc<Mutex<Seen>>,
}

impl Shared {
    /// Results so far.
    pub(super) fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether no further request may start.
    pub(super) fn stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// Sends a request and adds its answer.
    pub(super) async fn timed(&self, kind: Kind, request: &str) -> Option<Reply> {
        let began = Instant::now();
        let reply = once(self.server, request).await;
        let status = reply.as_ref().map(|reply| reply.status);
        self.seen()
            .add(kind, began, status.map_err(|error| error.kind().into()));
        reply.ok()
    }
}

impl Watch {
    /// Starts the clients.
    pub fn start(program: &Program, target: &Target, sample: &Sample, rhythm: Rhythm) -> Self {
        let began = Instant::now();
        let shared = Shared {
            server: program.address,
            stop: Arc::default(),
            seen: Arc::default(),
        };
        let mut tasks = JoinSet::new();
        for n in 0..BUSY {
            tasks.spawn(busy(shared.clone(), sample.busy.clone(), n));
        }
        let mut every = |period: u64, ask: Ask| {
            tasks.spawn(every(shared.clone(), Duration::from_millis(period), ask));
        };
        let known = sample.known.clone();
        every(
            20,
            Box::new(move |n, of| {
                let request = check("/v1/status", &known[n % known.len()], &another_address());
                tokio::spawn(async move { drop(of.timed(Kind::Known, &request).await) })
            }),
        );
        let fresh = sample.fresh.clone();
        every(
            if rhythm == Rhythm::Short { 50 } else { 500 },
            Box::new(move |n, of| {
                let request = fresh
                    .get(n)
                    .map(|secret| check("/v1/status", secret, &another_address()));
                tokio::spawn(async move {
                    if let Some(request) = request {
                        of.timed(Kind::Fresh, &request).await;
                    }
                })
            }),
        );
        if rhythm != Rhythm::Changing {
            every(400, create_and_revoke(sample.people.clone()));
        }
        let people = sample.people.clone();
        every(
            400,
            Box::new(move |n, of| {
                let request = sign_in(&people[n % people.len()].email, None, &another_address());
                tokio::spawn(async move { drop(of.timed(Kind::SignIn, &request).await) })
            }),
        );
        every(
            200,
            Box::new(|_, of| {
                let request = "GET /readyz HTTP/1.1\r\nhost: soak\r\n\r\n";
                tokio::spawn(async move { drop(of.timed(Kind::Ready, request).await) })
            }),
        );
        if rhythm == Rhythm::Changing {
            tasks.spawn(changes::keep_changing(shared.clone(), sample.people.clone()));
        }
        let wal = target
            .database
            .strip_prefix("sqlite:")
            .map(|file| format!("{file}-wal"));
        tasks.spawn(sizes(shared.clone(), program.id(), wal.map(PathBuf::from)));
        let Shared { stop, seen, .. } = shared;
        Self {
            stop,
            seen,
            tasks,
            began,
        }
    }

    /// Stops the clients, and waits for the last responses.
    pub async fn finish(mut self) -> Seen {
        self.stop.store(true, Ordering::Relaxed);
        let lasted = self.began.elapsed();
        while self.tasks.join_next().await.is_some() {}
        let seen = std::mem::take(&mut *self.seen.lock().unwrap_or_else(PoisonError::into_inner));
        Seen { lasted, ..seen }
    }
}

/// Sends the request with this number.
type Ask = Box<dyn Fn(usize, Shared) -> tokio::task::JoinHandle<()> + Send>;

/// A person creates a key and revokes it.
fn create_and_revoke(people: Vec<Person>) -> Ask {
    Box::new(move |n, of| {
        let person = people[n % people.len()].clone();
        tokio::spawn(async move {
            let from = another_address();
            let created = of.timed(Kind::Create, &create(&person, "another", &from)).await;
            if let Some((id, _)) = created.and_then(|created| key_of(&created).ok()) {
                let fields = format!("account={}&keys%5B%5D={id}&reason=", person.slug);
                let revoke = form("/api/keys/revoke", &person.cookie, &from, &fields);
                of.timed(Kind::Revoke, &revoke).await;
            }
        })
    })
}

/// Sends requests at a fixed rate, whether or not earlier ones are answered.
async fn every(shared: Shared, period: Duration, ask: Ask) {
    let mut ticks = interval(period);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let places = Arc::new(Semaphore::new(IN_FLIGHT));
    let mut running = JoinSet::new();
    for n in 0.. {
        ticks.tick().await;
        if shared.stopped() {
            break;
        }
        let Ok(target) = Arc::clone(&places).try_acquire_owned() else {
            continue;
        };
        while running.try_join_next().is_some() {}
        let asked = ask(n, shared.clone());
        running.spawn(async move {
            let _ = asked.await;
            drop(target);
        });
    }
    while running.join_next().await.is_some() {}
}

/// Checks the busy key over and over, on a connection that is kept.
async fn busy(shared: Shared, secret: String, n: u32) {
    let mut at = Instant::now() + BUSY_EVERY * n / BUSY;
    let request = check("/v1/status", &secret, &another_address());
    let mut connection = None;
    while !shared.stopped() {
        sleep_until(at.into()).await;
        let began = Instant::now();
        let mut answer = kept(&mut connection, shared.server, &request).await;
        if answer.is_err() {
            // The server may end a connection between two requests: clients try once more.
            answer = kept(&mut connection, shared.server, &request).await;
        }
        shared.seen().add(Kind::Busy, began, answer);
        // Late checks are sent too, but after a minute without responses not all of them.
        at += BUSY_EVERY;
        if at + LATE < began {
            at = began;
        }
    }
}

/// The status of a response. The connection is kept unless the request failed.
pub async fn kept(connection: &mut Option<Connection>, server: SocketAddr, request: &str) -> io::Result<u16> {
    let mut open = match connection.take() {
        Some(open) => open,
        None => timeout(PATIENCE, Connection::open(server)).await??,
    };
    open.send(request).await?;
    let reply = open.reply().await?;
    if !reply.closes {
        *connection = Some(open);
    }
    Ok(reply.status)
}

/// Polls the server's memory and the size of the write-ahead log.
async fn sizes(shared: Shared, process: u32, log: Option<PathBuf>) {
    let mut ticks = interval(Duration::from_millis(50));
    while !shared.stopped() {
        ticks.tick().await;
        let memory = resident(process).unwrap_or_default();
        let wal = log.as_ref().and_then(|log| fs::metadata(log).ok());
        let mut seen = shared.seen();
        seen.memory = seen.memory.max(memory);
        seen.wal = seen.wal.max(wal.map_or(0, |wal| wal.len()));
    }
}

/// How many files and connections a process has open (proc(5)).
pub fn open_files(process: u32) -> Result<usize, Failure> {
    Ok(fs::read_dir(format!("/proc/{process}/fd"))?.count())
}
