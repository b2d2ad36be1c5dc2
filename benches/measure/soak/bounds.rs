//! Effects of one account, one anonymous client and one long request log on all others, while one key is
//! checked 1,000 times a second (docs/security.md, S2, S7, S66, S67, S80, S85 to S90).
//!
//! Each scenario runs against a server of its own on one prepared database. Other clients measure their
//! checks of keys, changes and sign-ins meanwhile; the same on an idle server is the reference.

mod attack;
mod changes;
pub(super) mod data;
pub(super) mod others;
mod outcome;
pub(super) mod people;
mod slow;
mod table;

use super::{Failure, Target};
use crate::program::Program;
use attack::Attack;
use data::Database;
use others::{Kind, Rhythm, Seen, Watch};
use outcome::Outcome;
use people::Sample;
use std::time::{Duration, Instant};

/// How long a scenario is watched at least.
const SPAN: Duration = Duration::from_secs(20);
/// Days for which the log is kept where nothing is to be purged.
const KEPT: &str = "3650";
/// Days for which it is kept where the old rows are purged.
const PURGED: &str = "30";
/// How long the whole part may take on an engine, filling not counted.
const WHOLE: Duration = Duration::from_mins(15);

/// A scenario and its results.
struct Scenario {
    attack: Attack,
    outcome: Outcome,
    seen: Seen,
    /// Rows that anonymous clients have caused.
    strangers: i64,
    /// Rows of the request log that were dropped.
    dropped: i64,
}

/// Runs every scenario on the target's engine, and prints the table.
pub async fn run(target: Target) -> Result<(), Failure> {
    // 2,000 connections of one scenario, and those of everybody else.
    if open_files()? < 4_096 {
        return Err("the part bounds needs 4,096 open files: run `ulimit -n 4096` before it".into());
    }
    let rows = rows()?;
    let began = Instant::now();
    let program = start(&target, KEPT).await?;
    let sample = Sample::sign_up(program.address).await?;
    stop(program).await;
    data::fill(&target, &sample, rows).await?;
    println!(
        "{:<11} bounds: filled with twice {rows} rows in {:.0?}",
        target.engine,
        began.elapsed()
    );
    let began = Instant::now();
    let mut scenarios = Vec::new();
    // A part of a name selects scenarios, to work on one of them.
    let chosen = std::env::var("SCENARIO").unwrap_or_default();
    for attack in Attack::ALL {
        if attack != Attack::Idle && !attack.name().contains(&chosen) {
            continue;
        }
        let scenario = scenario(&target, &sample, attack).await?;
        println!(
            "{:<11} bounds: {}: {}",
            target.engine,
            attack.name(),
            scenario.outcome.said
        );
        scenarios.push(scenario);
    }
    let took = began.elapsed();
    table::print(target.engine, rows, &mut scenarios);
    let bound = crate::judged(took < WHOLE, format!("< {WHOLE:?}"));
    println!("The whole part, filling not counted: {took:.0?}, {bound}\n");
    target.remove().await
}

/// Starts a server, starts the other clients, and runs the attack.
async fn scenario(target: &Target, sample: &Sample, attack: Attack) -> Result<Scenario, Failure> {
    let mut database = Database::open(target).await?;
    database.end_others().await?;
    let before = counts(&mut database).await?;
    let kept = if attack == Attack::Purge { PURGED } else { KEPT };
    let program = start(target, kept).await?;
    sample.warm_up(program.address).await?;
    let rhythm = if attack.is_long() {
        Rhythm::Long
    } else {
        Rhythm::Short
    };
    let watch = Watch::start(&program, target, sample, rhythm);
    let (outcome, ()) = tokio::join!(
        attack::run(attack, &program, sample, &mut database),
        tokio::time::sleep(SPAN)
    );
    let seen = watch.finish().await;
    stop(program).await;
    // After the stop, which writes queued rows.
    let after = counts(&mut database).await?;
    let signed_in = i64::try_from(seen.good(Kind::SignIn))?;
    Ok(Scenario {
        attack,
        outcome: outcome?,
        seen,
        strangers: after.0 - before.0 - signed_in,
        dropped: after.1 - before.1,
    })
}

/// Rows that the measuring people did not cause, except a session for each sign-in; and dropped log rows.
async fn counts(database: &mut Database) -> Result<(i64, i64), Failure> {
    let dropped = "SELECT CAST(COALESCE(SUM(dropped), 0) AS BIGINT) FROM request_log_gaps";
    Ok((database.strangers().await?, database.number(dropped).await?))
}

async fn start(target: &Target, kept: &str) -> Result<Program, Failure> {
    let settings = [
        ("TRUSTED_PROXIES", "127.0.0.1"),
        // 1,000 checks a second are more than the default allows an account.
        ("RATE_LIMIT", "none"),
        ("LOG_RETENTION_DAYS", kept),
    ];
    Program::start_with(&target.database, target.folder.path(), &[], &settings).await
}

/// Stops it cleanly; kills it if it does not end.
async fn stop(program: Program) {
    if program.terminate().is_ok() {
        // A server that hangs after a scenario must not prevent the other scenarios.
        let _ = program.ended().await;
    }
}

/// Rows of each long log: five million, or as many as `ROWS` says.
fn rows() -> Result<u64, Failure> {
    match std::env::var("ROWS") {
        Ok(rows) if !rows.is_empty() => Ok(rows.parse().map_err(|_| "ROWS must be a number")?),
        _ => Ok(5_000_000),
    }
}

/// The soft limit of open files of this process (proc(5)).
fn open_files() -> Result<u64, Failure> {
    let limits = std::fs::read_to_string("/proc/self/limits")?;
    let line = limits
        .lines()
        .find_map(|line| line.strip_prefix("Max open files"));
    let soft = line.and_then(|line| line.split_whitespace().next());
    match soft.ok_or("no limit of open files")? {
        "unlimited" => Ok(u64::MAX),
        number => Ok(number.parse()?),
    }
}
