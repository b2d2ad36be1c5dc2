//! SIGTERM under load: every answered request is in the log, and the program exits cleanly (S80, S81), even if a request
//! does not end.

use super::{Failure, Target, report};
use crate::program::Connection;
use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::{task::JoinSet, time::sleep};

const CONNECTIONS: usize = 32;
const LOAD: Duration = Duration::from_secs(2);

pub async fn run(target: &Target) -> Result<(), Failure> {
    let (program, sample) = target.start(&[]).await?;
    let answers = Arc::<AtomicU64>::default();
    let mut load = JoinSet::new();
    for _ in 0..CONNECTIONS {
        let (answers, secret) = (Arc::clone(&answers), sample.secret.clone());
        let mut connection = Connection::open(program.address).await?;
        load.spawn(async move {
            while connection
                .get("/v1/status", &secret)
                .await
                .is_ok_and(|status| status == 200)
            {
                answers.fetch_add(1, Ordering::Relaxed);
            }
        });
    }
    sleep(LOAD).await;
    let began = Instant::now();
    program.terminate()?;
    let status = program.ended().await?;
    let took = began.elapsed();
    while load.join_next().await.is_some() {}
    let answers = i64::try_from(answers.load(Ordering::Relaxed))?;
    let rows = target.number("SELECT COUNT(*) FROM request_logs").await?;
    let dropped = target
        .number("SELECT CAST(COALESCE(SUM(dropped), 0) AS BIGINT) FROM request_log_gaps")
        .await?;
    let holds = status.success() && took < Duration::from_secs(15);
    report(
        target,
        "S80: SIGTERM under load, exit 0",
        format!("{:.2} s", took.as_secs_f64()),
        holds,
        "< 15 s",
    );
    let what = format!("S81: {answers} answers, {rows} rows, {dropped} counted as dropped");
    report(
        target,
        &what,
        answers - rows - dropped,
        answers == rows + dropped && rows > 0,
        "0 missing",
    );
    Ok(())
}

/// A request that never ends is aborted after its time limit, and the program exits.
pub async fn cut(target: &Target) -> Result<(), Failure> {
    let (program, sample) = target.start(&[]).await?;
    let mut endless = Connection::open(program.address).await?;
    endless
        .send(&format!(
            "POST /v1/generate/image/bfl/flux-schnell HTTP/1.1\r\nhost: soak\r\nauthorization: Bearer {}\r\n\
             transfer-encoding: chunked\r\n\r\n1\r\nx\r\n",
            sample.secret
        ))
        .await?;
    // Answered after that one was accepted.
    let status = Connection::open(program.address)
        .await?
        .get("/v1/status", &sample.secret)
        .await?;
    let began = Instant::now();
    program.terminate()?;
    let ended = program.ended().await?;
    let took = began.elapsed().as_secs_f64();
    let rows = target.number("SELECT COUNT(*) FROM request_logs").await?;
    let holds = ended.success() && status == 200 && rows == 1 && (9.0..20.0).contains(&took);
    report(
        target,
        "S80: SIGTERM while a request does not end, exit 0",
        format!("{took:.1} s"),
        holds,
        "10 s after DRAIN_SECONDS, < 20 s",
    );
    Ok(())
}
