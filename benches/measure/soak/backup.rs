//! A backup of a large database while others check and change keys, and kill -9 at random moments of backups, restores,
//! compactions of the journal and revocations (docs/security.md, S82, S83 and S85).

pub mod journal;
pub mod kills;

use super::{
    Failure, Target,
    bounds::{
        data::{self, Database},
        others::{Kind, Rhythm, Watch},
        people::Sample,
    },
    milliseconds, report,
};
use crate::program::Program;
use std::{
    path::Path,
    process::{Output, Stdio},
    time::{Duration, Instant},
};
use tokio::{process::Command, time::sleep};

/// How long an idle server is watched.
const SPAN: Duration = Duration::from_secs(20);
/// Keys beside those of the people who measure, and rows of the request log.
const KEYS: u64 = 1_000_000;
const ROWS: u64 = 5_000_000;
/// How long each command may take: minutes.
const LONG: Duration = Duration::from_mins(10);
/// Checks and changes in a second that are made at least, on an idle server and during the backup.
const LEAST_CHECKS: f64 = 1_000.0;
const LEAST_CHANGES: f64 = 20.0;
/// Requests that must not be refused; a change that was due and not sent counts as refused.
const ASKED: [Kind; 7] = [
    Kind::Busy,
    Kind::Known,
    Kind::Fresh,
    Kind::Create,
    Kind::Rotate,
    Kind::Revoke,
    Kind::Ready,
];
/// Maximum increase of the 99th percentile of checks, compared with an idle server.
const CHECKS: Duration = Duration::from_millis(50);
const WAL: u64 = 100 * 1024 * 1024;
/// Moments of a backup, of a restore, of a compaction and of revocations at which each is killed.
const MOMENTS: u32 = 50;

/// Runs the part on an engine.
pub async fn run(target: Target) -> Result<(), Failure> {
    let (rows, keys) = (from_variable("ROWS", ROWS)?, from_variable("KEYS", KEYS)?);
    let began = Instant::now();
    let program = start(&target).await?;
    let sample = Sample::sign_up(program.address).await?;
    stop(program).await;
    data::fill(&target, &sample, rows / 2).await?;
    Database::open(&target)
        .await?
        .add_keys(&sample.old.key, keys)
        .await?;
    println!(
        "{:<11} backup: filled with {keys} keys and {rows} rows in {:.0?}",
        target.engine,
        began.elapsed()
    );

    let backups = tempfile::tempdir()?;
    let dir = backups.path().join("one");
    under_load(&target, &sample, &dir).await?;
    put_back(&target, &dir).await?;
    target.remove().await
}

/// Makes a backup while clients check and change keys, and compares their latencies with those of an idle
/// server.
async fn under_load(target: &Target, sample: &Sample, dir: &Path) -> Result<(), Failure> {
    let program = start(target).await?;
    sample.warm_up(program.address).await?;
    let watch = Watch::start(&program, target, sample, Rhythm::Changing);
    sleep(SPAN).await;
    let mut idle = watch.finish().await;
    let watch = Watch::start(&program, target, sample, Rhythm::Changing);
    let began = Instant::now();
    let made = command(target, target.folder.path(), &["backup", text(dir)?]).await?;
    let took = began.elapsed();
    let mut seen = watch.finish().await;
    let said = String::from_utf8_lossy(&[made.stdout, made.stderr].concat()).into_owned();
    println!(
        "{:<11} backup: {}",
        target.engine,
        said.lines().next().unwrap_or_default()
    );
    report(
        target,
        "S82: a backup of it, under load",
        seconds(took),
        made.status.success() && took < LONG,
        "< 600 s",
    );
    for (kind, what) in [
        (Kind::Busy, "S82: 99 of 100 checks meanwhile, of the busy key"),
        (
            Kind::Known,
            "S82: 99 of 100 checks meanwhile, of others in memory",
        ),
        (Kind::Fresh, "S82: 99 of 100 checks meanwhile, not in memory"),
    ] {
        let (before, meanwhile) = (idle.percentile(kind, 99), seen.percentile(kind, 99));
        let bound = format!("< {} + 50 ms", milliseconds(before));
        report(
            target,
            what,
            milliseconds(meanwhile),
            meanwhile <= before + CHECKS,
            &bound,
        );
    }
    for (when, watched) in [("idle", &idle), ("meanwhile", &seen)] {
        for (what, kinds, least) in [
            ("checks", Kind::CHECKS, LEAST_CHECKS),
            ("changes", Kind::CHANGES, LEAST_CHANGES),
        ] {
            let rate = watched.rate(&kinds);
            let what = format!("S82: {what} in a second, {when}");
            let bound = format!("at least {least}");
            report(target, &what, format!("{rate:.1}"), rate >= least, &bound);
        }
        let changes = watched.percentile_of(&Kind::CHANGES, 99);
        report(
            target,
            &format!("S82: 99 of 100 changes, {when}"),
            milliseconds(changes),
            changes < Duration::from_secs(1),
            "< 1 s",
        );
        let (none, refused) = watched.refused(&ASKED);
        let what = format!("S82: requests refused, {when}");
        report(target, &what, refused, none, "0");
    }
    if target.engine == "SQLite" {
        let wal = format!("{} MB", seen.wal / 1024 / 1024);
        report(
            target,
            "S85: the write-ahead log",
            wal,
            seen.wal < WAL,
            "< 100 MB",
        );
    }
    let grown = seen.memory - idle.memory;
    report(
        target,
        "S82: memory that the server grew by",
        format!("{grown:.1} MB"),
        grown < 64.0,
        "< 64 MB",
    );
    stop(program).await;
    Ok(())
}

/// Verifies the backup, and replaces the database with it.
async fn put_back(target: &Target, dir: &Path) -> Result<(), Failure> {
    let began = Instant::now();
    let good = command(target, target.folder.path(), &["check", text(dir)?]).await?;
    report(
        target,
        "S82: verifying it",
        seconds(began.elapsed()),
        good.status.success(),
        "it is well",
    );
    let began = Instant::now();
    let restore = ["restore", text(dir)?, "--replace", "--without-journal"];
    let restored = command(target, target.folder.path(), &restore).await?;
    let took = began.elapsed();
    report(
        target,
        "S82: restoring it",
        seconds(took),
        restored.status.success() && took < LONG,
        "< 600 s",
    );
    if !restored.status.success() {
        println!("{}", String::from_utf8_lossy(&restored.stderr));
    }
    let good = command(target, target.folder.path(), &["check"]).await?;
    report(
        target,
        "S82: the restored database",
        "",
        good.status.success(),
        "it is well",
    );
    Ok(())
}

/// Runs a command beside the server.
async fn command(target: &Target, folder: &Path, arguments: &[&str]) -> Result<Output, Failure> {
    Ok(prepared(target, folder, arguments).output().await?)
}

fn prepared(target: &Target, folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_babysea"));
    command
        .args(arguments)
        .args(["--database-url", &target.database, "--data-dir"])
        .arg(folder)
        .stdin(Stdio::null());
    command
}

async fn start(target: &Target) -> Result<Program, Failure> {
    let settings = [
        ("TRUSTED_PROXIES", "127.0.0.1"),
        ("RATE_LIMIT", "none"),
        ("LOG_RETENTION_DAYS", "3650"),
    ];
    Program::start_with(&target.database, target.folder.path(), &[], &settings).await
}

async fn stop(program: Program) {
    if program.terminate().is_ok() {
        let _ = program.ended().await;
    }
}

fn text(path: &Path) -> Result<&str, Failure> {
    path.to_str().ok_or_else(|| "a path that is no text".into())
}

fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}

/// A number that a variable sets.
fn from_variable(name: &str, default: u64) -> Result<u64, Failure> {
    match std::env::var(name) {
        Ok(number) if !number.is_empty() => {
            Ok(number.parse().map_err(|_| format!("{name} must be a number"))?)
        }
        _ => Ok(default),
    }
}
