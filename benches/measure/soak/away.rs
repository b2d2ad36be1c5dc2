//! PostgreSQL stops and starts again under load: no wrong answer in between, and right ones soon after (S75, S76).

use super::{Failure, Place, Sample, told};
use crate::program::Connection;
use std::{
    net::SocketAddr,
    process::Command,
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
/// How long it is away.
const AWAY: Duration = Duration::from_secs(6);
/// How soon after it everything must be right.
const RECOVERY: Duration = Duration::from_secs(2);
/// From when on nothing that is held may be used any more.
const FRESH: Duration = Duration::from_millis(1_300);

/// What is going on with the database.
const UP: usize = 0;
const GOING: usize = 1;
const DOWN: usize = 2;

/// What was counted.
#[derive(Default)]
struct Counts {
    phase: AtomicUsize,
    stop: AtomicBool,
    unavailable: AtomicU64,
    /// 200 for a revoked or unknown key, 401 for a good one, 200 while the database is away.
    wrong: AtomicU64,
    other: AtomicU64,
}

/// Seconds for which `STALE_IF_DB_DOWN` lets keys be judged by what is known of them: longer than it is away.
const STALE: &str = "60";

/// With `stale`, keys that are known go on being accepted meanwhile.
pub async fn run(place: &Place, stale: bool) -> Result<(), Failure> {
    let Ok(control) = std::env::var("TEST_POSTGRES_CTL") else {
        println!("PostgreSQL cannot be stopped: make soak sets TEST_POSTGRES_CTL");
        return Ok(());
    };
    let seconds = if stale { STALE } else { "0" };
    let (program, sample) = place.start(&["--stale-if-db-down", seconds]).await?;
    let revoked = revoke_one(&program.address, &sample).await?;
    let counts = Arc::<Counts>::default();
    let mut load = JoinSet::new();
    for n in 0..CONNECTIONS {
        let (secret, good) = if n % 4 == 0 {
            (revoked.clone(), false)
        } else {
            (sample.keys[n + 1].1.clone(), true)
        };
        let accepts = if stale { Accepts::Always } else { Accepts::WhileUp };
        let accepts = if good { accepts } else { Accepts::Never };
        load.spawn(ask(program.address, secret, accepts, Arc::clone(&counts)));
    }
    sleep(Duration::from_secs(1)).await;
    counts.phase.store(GOING, Ordering::SeqCst);
    run_control(&control, "stop").await?;
    sleep(FRESH).await;
    counts.phase.store(DOWN, Ordering::SeqCst);
    sleep(AWAY).await;
    let unavailable = counts.unavailable.load(Ordering::SeqCst);
    counts.phase.store(GOING, Ordering::SeqCst);
    run_control(&control, "start").await?;
    let began = Instant::now();
    let mut probe = Connection::open(program.address).await?;
    let recovered = timeout(RECOVERY * 5, async {
        loop {
            let good = probe.get("/v1/status", &sample.secret).await;
            let bad = probe.get("/v1/status", &revoked).await;
            match (good, bad) {
                (Ok(200), Ok(401 | 429)) => return,
                (Err(_), _) | (_, Err(_)) => {
                    if let Ok(again) = Connection::open(program.address).await {
                        probe = again;
                    }
                }
                _ => sleep(Duration::from_millis(10)).await,
            }
        }
    })
    .await;
    let took = began.elapsed();
    sleep(RECOVERY).await;
    counts.phase.store(UP, Ordering::SeqCst);
    let before = counts.unavailable.load(Ordering::SeqCst);
    sleep(Duration::from_secs(1)).await;
    let after = counts.unavailable.load(Ordering::SeqCst) - before;
    counts.stop.store(true, Ordering::SeqCst);
    while load.join_next().await.is_some() {}
    let wrong = counts.wrong.load(Ordering::SeqCst);
    let other = counts.other.load(Ordering::SeqCst);
    let what = format!("S75: wrong answers, and none, STALE_IF_DB_DOWN={seconds}");
    let measured = format!("{wrong}, {other}");
    told(place, &what, measured, wrong + other == 0, "0, 0");
    told(
        place,
        "S75: 503 while it is away",
        unavailable,
        (unavailable == 0) == stale,
        if stale { "0" } else { "> 0" },
    );
    told(
        place,
        "S76: right answers again",
        format!("{:.2} s", took.as_secs_f64()),
        recovered.is_ok() && took < RECOVERY && after == 0,
        "< 2 s",
    );
    Ok(())
}

async fn revoke_one(address: &SocketAddr, sample: &Sample) -> Result<String, Failure> {
    let mut dashboard = Connection::open(*address).await?;
    let (id, secret) = &sample.keys[0];
    let form = format!("account={}&keys%5B%5D={id}", sample.slug);
    match dashboard.post("/api/keys/revoke", &sample.cookie, &form).await? {
        200 => Ok(secret.clone()),
        status => Err(format!("revoking was answered {status}").into()),
    }
}

/// When a key is to be accepted.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Accepts {
    Always,
    WhileUp,
    Never,
}

/// Asks with one key until told to stop, and judges every answer.
async fn ask(address: SocketAddr, secret: String, accepts: Accepts, counts: Arc<Counts>) {
    let mut connection = None;
    while !counts.stop.load(Ordering::SeqCst) {
        let phase = counts.phase.load(Ordering::SeqCst);
        let open = match connection.take() {
            Some(open) => Ok(open),
            None => Connection::open(address).await,
        };
        let Ok(mut open) = open else {
            counts.other.fetch_add(1, Ordering::SeqCst);
            continue;
        };
        let answered = open.get("/v1/status", &secret).await;
        // It may have been back by the time of the answer.
        let was_down = phase == DOWN && counts.phase.load(Ordering::SeqCst) == DOWN;
        match answered {
            Ok(503) => counts.unavailable.fetch_add(1, Ordering::SeqCst),
            Ok(200) if accepts == Accepts::Always || accepts == Accepts::WhileUp && !was_down => 0,
            // Asked so often, a key that is refused is soon told to wait.
            Ok(401 | 429) if accepts == Accepts::Never => 0,
            Ok(200 | 401) => counts.wrong.fetch_add(1, Ordering::SeqCst),
            Ok(_) | Err(_) => counts.other.fetch_add(1, Ordering::SeqCst),
        };
        connection = Some(open);
        sleep(Duration::from_millis(2)).await;
    }
}

async fn run_control(control: &str, action: &'static str) -> Result<(), Failure> {
    let mut command = Command::new(control);
    command.arg(action);
    let status = tokio::task::spawn_blocking(move || command.status()).await??;
    if status.success() {
        Ok(())
    } else {
        Err(format!("PostgreSQL did not {action}").into())
    }
}
