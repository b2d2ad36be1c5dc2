//! A backup of a large database while others check and change keys, and kill -9 at random moments of backups and
//! restores (docs/security.md, S82 and S85).

use super::{
    Failure, Place,
    bounds::{
        data::{self, Database},
        others::{Kind, Watch},
        people::Sample,
    },
    milliseconds, told,
};
use crate::program::Program;
use babysea::server::runtime::rng::{OsRng, Rng as _};
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
/// The same where commands are killed.
const FEW_ROWS: u64 = 60_000;
/// How long each command may take: minutes.
const LONG: Duration = Duration::from_mins(10);
/// How much longer than on an idle server 99 of 100 checks may take.
const CHECKS: Duration = Duration::from_millis(50);
const WAL: u64 = 100 * 1024 * 1024;
/// Moments of a backup, and of a restore.
const MOMENTS: u32 = 50;

/// Runs the part on an engine.
pub async fn run(place: Place) -> Result<(), Failure> {
    let (rows, keys) = (from_variable("ROWS", ROWS)?, from_variable("KEYS", KEYS)?);
    let began = Instant::now();
    let program = start(&place).await?;
    let sample = Sample::sign_up(program.address).await?;
    stop(program).await;
    data::fill(&place, &sample, rows / 2).await?;
    Database::open(&place)
        .await?
        .add_keys(&sample.old.key, keys)
        .await?;
    println!(
        "{:<11} backup: filled with {keys} keys and {rows} rows in {:.0?}",
        place.engine,
        began.elapsed()
    );

    let backups = tempfile::tempdir()?;
    let dir = backups.path().join("one");
    under_load(&place, &sample, &dir).await?;
    put_back(&place, &dir).await?;
    place.remove().await
}

/// Makes a backup while others check and change keys, and compares what they get with what an idle server gives.
async fn under_load(place: &Place, sample: &Sample, dir: &Path) -> Result<(), Failure> {
    let program = start(place).await?;
    sample.warm_up(program.address).await?;
    let watch = Watch::start(&program, place, sample, true);
    sleep(SPAN).await;
    let mut idle = watch.finish().await;
    let watch = Watch::start(&program, place, sample, true);
    let began = Instant::now();
    let made = command(place, place.folder.path(), &["backup", text(dir)?]).await?;
    let took = began.elapsed();
    let mut seen = watch.finish().await;
    let said = String::from_utf8_lossy(&[made.stdout, made.stderr].concat()).into_owned();
    println!(
        "{:<11} backup: {}",
        place.engine,
        said.lines().next().unwrap_or_default()
    );
    told(
        place,
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
        told(
            place,
            what,
            milliseconds(meanwhile),
            meanwhile <= before + CHECKS,
            &bound,
        );
    }
    let changes = seen.percentile(Kind::Create, 99);
    told(
        place,
        "S82: 99 of 100 creations meanwhile",
        milliseconds(changes),
        changes < Duration::from_secs(1),
        "< 1 s",
    );
    let (none, refused) = seen.refused(&[
        Kind::Busy,
        Kind::Known,
        Kind::Fresh,
        Kind::Create,
        Kind::Revoke,
        Kind::Ready,
    ]);
    told(place, "S82: requests refused meanwhile", refused, none, "0");
    if place.engine == "SQLite" {
        let wal = format!("{} MB", seen.wal / 1024 / 1024);
        told(place, "S85: the write-ahead log", wal, seen.wal < WAL, "< 100 MB");
    }
    let grown = seen.memory - idle.memory;
    told(
        place,
        "S82: memory that the server grew by",
        format!("{grown:.1} MB"),
        grown < 64.0,
        "< 64 MB",
    );
    stop(program).await;
    Ok(())
}

/// Verifies the backup, and puts it in the place of the database.
async fn put_back(place: &Place, dir: &Path) -> Result<(), Failure> {
    let began = Instant::now();
    let good = command(place, place.folder.path(), &["check", text(dir)?]).await?;
    told(
        place,
        "S82: verifying it",
        seconds(began.elapsed()),
        good.status.success(),
        "it is well",
    );
    let began = Instant::now();
    let restore = ["restore", text(dir)?, "--replace", "--without-journal"];
    let restored = command(place, place.folder.path(), &restore).await?;
    let took = began.elapsed();
    told(
        place,
        "S82: restoring it",
        seconds(took),
        restored.status.success() && took < LONG,
        "< 600 s",
    );
    if !restored.status.success() {
        println!("{}", String::from_utf8_lossy(&restored.stderr));
    }
    let good = command(place, place.folder.path(), &["check"]).await?;
    told(
        place,
        "S82: the restored database",
        "",
        good.status.success(),
        "it is well",
    );
    Ok(())
}

/// Kills backups and restores of an SQLite file at random moments.
pub async fn cut(place: Place) -> Result<(), Failure> {
    let program = start(&place).await?;
    let sample = Sample::sign_up(program.address).await?;
    stop(program).await;
    data::fill(&place, &sample, from_variable("ROWS", FEW_ROWS)?.min(FEW_ROWS)).await?;
    let folder = place.folder.path();
    let backups = tempfile::tempdir()?;
    let (good, dir) = (backups.path().join("good"), backups.path().join("one"));
    let backup = ["backup", text(&dir)?];
    let began = Instant::now();
    command(&place, folder, &["backup", text(&good)?]).await?;
    let takes = began.elapsed();
    let (mut whole, mut half) = (0, 0);
    for _ in 0..MOMENTS {
        kill_within(&place, &backup, takes).await?;
        if dir.exists() {
            whole += 1;
            let is_well = command(&place, folder, &["check", text(&dir)?])
                .await?
                .status
                .success();
            half += u32::from(!is_well);
            std::fs::remove_dir_all(&dir)?;
        }
    }
    told(
        &place,
        "S82: half backups of 50 that were killed",
        format!("{half} ({whole} whole)"),
        half == 0,
        "0",
    );

    let restore = ["restore", text(&good)?, "--replace", "--without-journal"];
    let began = Instant::now();
    command(&place, folder, &restore).await?;
    let takes = began.elapsed();
    let mut lost = 0;
    for _ in 0..MOMENTS {
        kill_within(&place, &restore, takes).await?;
        lost += u32::from(!command(&place, folder, &["check"]).await?.status.success());
    }
    told(
        &place,
        "S82: half databases of 50 restores that were killed",
        lost,
        lost == 0,
        "0",
    );
    Ok(())
}

/// Starts a command and kills it at a random moment of the time that it takes.
async fn kill_within(place: &Place, arguments: &[&str], takes: Duration) -> Result<(), Failure> {
    let mut process = prepared(place, place.folder.path(), arguments)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    let mut random = [0; 2];
    OsRng.fill(&mut random);
    sleep(takes.mul_f64(f64::from(u16::from_le_bytes(random)) / f64::from(u16::MAX))).await;
    process.kill().await?;
    Ok(())
}

/// Runs a command beside the server.
async fn command(place: &Place, folder: &Path, arguments: &[&str]) -> Result<Output, Failure> {
    Ok(prepared(place, folder, arguments).output().await?)
}

fn prepared(place: &Place, folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_babysea"));
    command
        .args(arguments)
        .args(["--database-url", &place.database, "--data-dir"])
        .arg(folder)
        .stdin(Stdio::null());
    command
}

async fn start(place: &Place) -> Result<Program, Failure> {
    let settings = [
        ("TRUSTED_PROXIES", "127.0.0.1"),
        ("RATE_LIMIT", "none"),
        ("LOG_RETENTION_DAYS", "3650"),
    ];
    Program::start_with(&place.database, place.folder.path(), &[], &settings).await
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
