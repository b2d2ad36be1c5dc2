//! `babysea key revoke` beside the server of an SQLite file, while the key is checked 1,000 times a second.

use super::{
    Failure, Target,
    checks::{Checker, Seen},
    times,
};
use crate::{
    program::Program,
    soak::{
        NIGHT,
        bounds::people::{self, another_address, create, key_of, once},
        percentile, report, rounds,
    },
};
use std::{
    process::{Command, Stdio},
    time::{Duration, Instant},
};
use tokio::time::sleep;

const ROUNDS: u32 = 30;
/// Connections that check the key, and how often each does.
const CONNECTIONS: usize = 16;
const PERIOD: Duration = Duration::from_millis(16);
/// Minimum number of checks a second, of the 1,000 that are sent.
const RATE: f64 = 900.0;
/// How long it is checked before the command and after its end.
const AROUND: Duration = Duration::from_millis(500);

pub async fn run(target: &Target) -> Result<(), Failure> {
    let program = Program::start_with(&target.database, target.folder.path(), &[], &NIGHT).await?;
    let person = people::person(program.address, "Ada Moss").await?;
    let rounds = rounds(ROUNDS)?;
    let (mut all, mut checks, mut checked) = (Seen::default(), 0, Duration::ZERO);
    for round in 0..rounds {
        let created = once(program.address, &create(&person, "soak", &another_address())).await?;
        let (id, secret) = key_of(&created)?;
        let began = Instant::now();
        let mut checkers = Vec::new();
        for _ in 0..CONNECTIONS {
            checkers.push(Checker::start(program.address, &secret, PERIOD));
            // Not all at the same moment.
            sleep(PERIOD / 16).await;
        }
        for checker in &checkers {
            checker.accepted().await?;
        }
        sleep(AROUND).await;
        let (status, took, ended) = revoke(target, id).await?;
        sleep(AROUND).await;
        checked += began.elapsed();
        let mut seen = Seen::default();
        seen.answer(status, took);
        for checker in checkers {
            let of_one = checker.finish().await?;
            checks += of_one.len();
            seen.judge(&of_one, ended);
        }
        seen.report("revoked by a command", round);
        all.add(seen);
    }
    program.terminate()?;
    program.ended().await?;
    let rate = f64::from(u32::try_from(checks)?) / checked.as_secs_f64();
    report(
        target,
        &format!("S73: {rounds} keys revoked by a command, checks of each a second"),
        format!("{rate:.0}"),
        rate > RATE,
        "> 900",
    );
    report(
        target,
        &format!("S73: accepted of {} checks that began after its end", all.after),
        all.accepted,
        all.accepted == 0 && all.after > 0,
        "0",
    );
    let (median, longest) = (percentile(&mut all.took, 50), percentile(&mut all.took, 100));
    report(
        target,
        "S73: the command took, p50, max",
        times(median, longest),
        longest < Duration::from_secs(3),
        "max < 3 s",
    );
    report(
        target,
        "S71: commands that failed",
        all.wrong,
        all.wrong == 0,
        "0",
    );
    Ok(())
}

/// Runs the command: 200 where it succeeded, how long it took, and when it ended.
async fn revoke(target: &Target, id: String) -> Result<(u16, Duration, Instant), Failure> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_babysea"));
    command
        .args(["--database-url", &target.database, "--data-dir"])
        .arg(target.folder.path())
        .args(["key", "revoke", "--yes", "--key", &id])
        .env_remove("RUST_LOG")
        .stdout(Stdio::null());
    let run = move || {
        let began = Instant::now();
        let status = command.status()?;
        let ended = Instant::now();
        let answer = if status.success() { 200 } else { 0 };
        Ok::<_, std::io::Error>((answer, ended - began, ended))
    };
    Ok(tokio::task::spawn_blocking(run).await??)
}
