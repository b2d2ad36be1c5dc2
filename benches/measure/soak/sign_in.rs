//! Many people sign in at once, each from another address: memory and the latency of key checks stay within bounds (S5).

use super::{Failure, Target, milliseconds, percentile, report};
use crate::program::{self, Connection};
use std::time::Instant;
use tokio::task::JoinSet;

const AT_ONCE: usize = 200;
const ROUNDS: usize = 5;
const MEGABYTES: f64 = 128.0;

pub async fn run(target: &Target) -> Result<(), Failure> {
    let (program, sample) = target.start(&["--trusted-proxies", "127.0.0.1"]).await?;
    let address = program.address;
    let mut verifying = Connection::open(address).await?;
    for _ in 0..1_000 {
        verifying.get("/v1/status", &sample.secret).await?;
    }
    let before = program.resident()?;
    let (mut most, mut times, mut answered) = (before, Vec::new(), [0_usize; 2]);
    for _ in 0..ROUNDS {
        let mut signing_in = JoinSet::new();
        for n in 0..AT_ONCE {
            signing_in.spawn(async move {
                let mut connection = Connection::open(address).await?;
                let form = format!("email=nobody-{n}%40example.com&password=tidal+moss+quartz+lantern");
                let from = format!("10.0.{n}.1");
                connection
                    .send(&program::form("/api/session/sign-in", "", &from, &form))
                    .await?;
                Ok::<_, std::io::Error>(connection.reply().await?.status)
            });
        }
        while !signing_in.is_empty() {
            let began = Instant::now();
            let status = verifying.get("/v1/status", &sample.secret).await?;
            times.push(began.elapsed());
            if status != 200 {
                return Err(format!("a good key was answered {status}").into());
            }
            most = most.max(program.resident()?);
            while let Some(done) = signing_in.try_join_next() {
                let hashed = matches!(done??, 401 | 422);
                answered[usize::from(hashed)] += 1;
            }
        }
    }
    let grown = most - before;
    let what = format!(
        "S5: 200 sign in at once, {} hashed, {} told to wait",
        answered[1], answered[0]
    );
    report(
        target,
        &what,
        format!("{grown:.1} MB"),
        grown < MEGABYTES && answered[1] > 0,
        "< 128 MB grown",
    );
    let p99 = percentile(&mut times, 99);
    let what = format!("S5: p99 of {} checks of a key meanwhile", times.len());
    report(target, &what, milliseconds(p99), p99.as_millis() < 50, "< 50 ms");
    Ok(())
}
