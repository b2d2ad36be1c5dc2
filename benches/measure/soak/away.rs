//! PostgreSQL stops and starts again under load, or hangs and continues: no wrong response meanwhile, and
//! right ones soon afterwards (S75, S76).

use super::{Failure, Sample, Target, control::Control, report};
use crate::program::{Connection, status};
use babysea::domain::token;
use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::{
    task::JoinSet,
    time::{sleep, timeout},
};

const CONNECTIONS: usize = 16;
/// Keys that are revoked; the last one is only used once the database is back.
const REVOKED: usize = 21;
/// Unknown keys, made from different bytes.
const UNKNOWN: u8 = 20;
/// Warm-up, in which all keys are used so that they are cached.
const BEFORE: Duration = Duration::from_secs(2);
/// How long the database is unavailable.
const AWAY: Duration = Duration::from_secs(6);
/// Time after its return in which all responses must be right again.
const RECOVERY: Duration = Duration::from_secs(2);
/// Time after which the cache may no longer be used.
const FRESH: Duration = Duration::from_millis(1_300);
/// Maximum duration of a response, also while the database hangs.
const LONGEST: Duration = Duration::from_secs(2);
/// Pause between two requests of a connection.
const PAUSE: Duration = Duration::from_millis(2);
/// The same for refused keys: below 60 refusals of a key a minute, its limit (S44).
const REFUSED_PAUSE: Duration = Duration::from_millis(100);

/// State of the database.
const UP: usize = 0;
const GOING: usize = 1;
const DOWN: usize = 2;

/// What happens to the database.
#[derive(Clone, Copy)]
pub enum Fault {
    /// It ends its connections, and refuses others until it is started again.
    Stops,
    /// It keeps its connections and accepts others, but answers on none.
    Hangs,
}

impl Fault {
    const fn word(self) -> &'static str {
        match self {
            Self::Stops => "stops",
            Self::Hangs => "hangs",
        }
    }

    /// Actions of the control script that start and end it.
    const fn actions(self) -> [&'static str; 2] {
        match self {
            Self::Stops => ["stop", "start"],
            Self::Hangs => ["pause", "resume"],
        }
    }
}

/// Counts of responses.
#[derive(Default)]
struct Counts {
    phase: AtomicUsize,
    stop: AtomicBool,
    /// 503 for a key that exists.
    unavailable: AtomicU64,
    /// 503 for an unknown key.
    unknown_unavailable: AtomicU64,
    /// 200 for a revoked or unknown key, and 401 for a good one. While the database is away, either is a guess.
    wrong: AtomicU64,
    /// No response, 503 while the database is up, or any other status.
    other: AtomicU64,
    /// The slowest response, in milliseconds.
    longest: AtomicU64,
}

/// `STALE_IF_DB_DOWN` in seconds: longer than the database is unavailable.
const STALE: &str = "60";

/// With `stale`, cached keys are still accepted meanwhile.
pub async fn run(target: &Target, fault: Fault, stale: bool) -> Result<(), Failure> {
    let Some(control) = Control::find() else {
        return Ok(());
    };
    let seconds = if stale { STALE } else { "0" };
    let [break_it, mend_it] = fault.actions();
    let (program, sample) = target.start(&["--stale-if-db-down", seconds]).await?;
    let mut revoked = revoke(program.address, &sample).await?;
    let fresh = revoked.pop().ok_or("no keys")?;
    let unknown: Vec<_> = (0..UNKNOWN).map(unknown).collect();
    // None of them is cached: the database is needed.
    let probes = [
        (sample.secret.as_str(), 200),
        (fresh.as_str(), 401),
        (unknown[0].as_str(), 401),
    ];
    let counts = Arc::<Counts>::default();
    let mut load = start_load(program.address, &sample, [&revoked, &unknown], stale, &counts);
    sleep(BEFORE).await;
    counts.phase.store(GOING, Ordering::SeqCst);
    control.run(&[break_it]).await?;
    sleep(FRESH).await;
    counts.phase.store(DOWN, Ordering::SeqCst);
    sleep(AWAY).await;
    let unavailable = counts.unavailable.load(Ordering::SeqCst);
    let unknown_unavailable = counts.unknown_unavailable.load(Ordering::SeqCst);
    counts.phase.store(GOING, Ordering::SeqCst);
    control.run(&[mend_it]).await?;
    let began = Instant::now();
    let recovered = timeout(RECOVERY * 5, until_right(program.address, probes)).await;
    let took = began.elapsed();
    sleep(RECOVERY).await;
    counts.phase.store(UP, Ordering::SeqCst);
    sleep(Duration::from_secs(1)).await;
    counts.stop.store(true, Ordering::SeqCst);
    while load.join_next().await.is_some() {}
    let wrong = counts.wrong.load(Ordering::SeqCst);
    let other = counts.other.load(Ordering::SeqCst);
    let longest = Duration::from_millis(counts.longest.load(Ordering::SeqCst));
    let word = fault.word();
    report(
        target,
        &format!("S75: it {word}, STALE_IF_DB_DOWN={seconds}: wrong answers, others"),
        format!("{wrong}, {other}"),
        wrong + other == 0,
        "0, 0",
    );
    report(
        target,
        "S75: 503 meanwhile, for keys of ours and unknown ones",
        format!("{unavailable}, {unknown_unavailable}"),
        (unavailable == 0) == stale && unknown_unavailable > 0,
        if stale { "0, > 0" } else { "> 0, > 0" },
    );
    report(
        target,
        "S75: the longest answer",
        format!("{:.2} s", longest.as_secs_f64()),
        longest < LONGEST,
        "< 2 s",
    );
    report(
        target,
        "S76: right answers again",
        format!("{:.2} s", took.as_secs_f64()),
        recovered.is_ok() && took < RECOVERY,
        "< 2 s",
    );
    Ok(())
}

/// Sends good, revoked and unknown keys concurrently.
fn start_load(
    address: SocketAddr,
    sample: &Sample,
    [revoked, unknown]: [&[String]; 2],
    stale: bool,
    counts: &Arc<Counts>,
) -> JoinSet<()> {
    let mut load = JoinSet::new();
    for n in 0..CONNECTIONS {
        let (kind, mut secrets) = match n % 4 {
            0 => (Kind::Revoked, revoked.to_vec()),
            1 => (Kind::Unknown, unknown.to_vec()),
            _ => (Kind::Good, vec![sample.keys[REVOKED + n].1.clone()]),
        };
        // Each connection starts with another key.
        let first = n * secrets.len() / CONNECTIONS;
        secrets.rotate_left(first);
        let turns = Turns { kind, secrets, stale };
        load.spawn(ask(address, turns, Arc::clone(counts)));
    }
    load
}

/// Revokes the first keys; returns their secrets.
async fn revoke(address: SocketAddr, sample: &Sample) -> Result<Vec<String>, Failure> {
    let mut dashboard = Connection::open(address).await?;
    let mut form = format!("account={}", sample.slug);
    let mut secrets = Vec::new();
    for (id, secret) in sample.keys.iter().take(REVOKED) {
        form.push_str("&keys%5B%5D=");
        form.push_str(id);
        secrets.push(secret.clone());
    }
    match dashboard.post("/api/keys/revoke", &sample.cookie, &form).await? {
        200 => Ok(secrets),
        status => Err(format!("revoking was answered {status}").into()),
    }
}

/// A well-formed key that does not exist.
pub fn unknown(byte: u8) -> String {
    let secret = token::generate("bye_", |bytes| bytes.fill(byte));
    secret.expose().to_owned()
}

/// Kinds of keys.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Good,
    Revoked,
    Unknown,
}

impl Kind {
    const fn answer(self) -> u16 {
        match self {
            Self::Good => 200,
            Self::Revoked | Self::Unknown => 401,
        }
    }

    const fn pause(self) -> Duration {
        match self {
            Self::Good => PAUSE,
            Self::Revoked | Self::Unknown => REFUSED_PAUSE,
        }
    }
}

/// Keys of one kind that take turns.
struct Turns {
    kind: Kind,
    secrets: Vec<String>,
    /// Whether cached keys are used while the database is unavailable.
    stale: bool,
}

/// Sends these keys until the load stops, and judges every response.
async fn ask(address: SocketAddr, turns: Turns, counts: Arc<Counts>) {
    let Turns { kind, secrets, stale } = turns;
    let mut connection = None;
    for secret in secrets.iter().cycle() {
        if counts.stop.load(Ordering::SeqCst) {
            return;
        }
        let phase = counts.phase.load(Ordering::SeqCst);
        let began = Instant::now();
        let answered = status(&mut connection, address, secret).await;
        let took = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
        counts.longest.fetch_max(took, Ordering::SeqCst);
        // The database may have changed its state before the response.
        let stayed = counts.phase.load(Ordering::SeqCst) == phase;
        let (was_up, was_down) = (stayed && phase == UP, stayed && phase == DOWN);
        // An unknown key is never cached.
        let can_be_judged = !was_down || stale && kind != Kind::Unknown;
        match answered {
            Ok(503) if was_up => counts.other.fetch_add(1, Ordering::SeqCst),
            Ok(503) if kind == Kind::Unknown => counts.unknown_unavailable.fetch_add(1, Ordering::SeqCst),
            Ok(503) => counts.unavailable.fetch_add(1, Ordering::SeqCst),
            Ok(status) if can_be_judged && status == kind.answer() => 0,
            Ok(200 | 401) => counts.wrong.fetch_add(1, Ordering::SeqCst),
            Ok(_) | Err(_) => counts.other.fetch_add(1, Ordering::SeqCst),
        };
        sleep(kind.pause()).await;
    }
}

/// Waits until each of these keys is answered with its status.
async fn until_right(address: SocketAddr, probes: [(&str, u16); 3]) {
    let mut connection = None;
    for (secret, right) in probes {
        while !matches!(status(&mut connection, address, secret).await, Ok(status) if status == right) {
            sleep(Duration::from_millis(10)).await;
        }
    }
}
