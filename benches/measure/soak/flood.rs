//! The request log is flooded: keys are still revoked at once, and memory does not grow (S79).

use super::{Failure, Target, milliseconds, percentile, report};
use crate::{counted, program::Connection};
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::{task::JoinSet, time::sleep};

const CONNECTIONS: usize = 32;
const WARM: Duration = Duration::from_secs(3);
/// Pause between two revocations.
const PAUSE: Duration = Duration::from_millis(200);
const MEGABYTES: f64 = 64.0;

pub async fn run(target: &Target) -> Result<(), Failure> {
    let (program, sample) = target.start(&[]).await?;
    let before = program.resident()?;
    let (stop, asked) = (Arc::<AtomicBool>::default(), Arc::<AtomicU64>::default());
    let mut flood = JoinSet::new();
    for _ in 0..CONNECTIONS {
        let (stop, asked, secret) = (Arc::clone(&stop), Arc::clone(&asked), sample.secret.clone());
        let mut connection = Connection::open(program.address).await?;
        flood.spawn(async move {
            while !stop.load(Ordering::Relaxed) {
                connection.get("/v1/status", &secret).await?;
                asked.fetch_add(1, Ordering::Relaxed);
            }
            Ok::<_, std::io::Error>(())
        });
    }
    sleep(WARM).await;
    let (began, asked_before) = (Instant::now(), asked.load(Ordering::Relaxed));
    let (mut most, mut times) = (before, Vec::new());
    let mut dashboard = Connection::open(program.address).await?;
    for (id, secret) in &sample.keys {
        let began = Instant::now();
        let form = format!("account={}&keys%5B%5D={id}", sample.slug);
        let status = dashboard.post("/api/keys/revoke", &sample.cookie, &form).await?;
        times.push(began.elapsed());
        let after = dashboard.get("/v1/status", secret).await?;
        if (status, after) != (200, 401) {
            return Err(format!("revoking was answered {status}, and the key then {after}").into());
        }
        most = most.max(program.resident()?);
        sleep(PAUSE).await;
    }
    let rate = counted(asked.load(Ordering::Relaxed) - asked_before) / began.elapsed().as_secs_f64();
    stop.store(true, Ordering::Relaxed);
    while let Some(done) = flood.join_next().await {
        done??;
    }
    let p99 = percentile(&mut times, 99);
    let what = format!(
        "S79: p99 of {} keys revoked under {rate:.0} requests/s",
        times.len()
    );
    report(
        target,
        &what,
        milliseconds(p99),
        p99.as_millis() < 150,
        "< 150 ms",
    );
    let grown = most - before;
    report(
        target,
        "S79: memory meanwhile",
        format!("{grown:.1} MB"),
        grown < MEGABYTES,
        "< 64 MB grown",
    );
    Ok(())
}
