//! kill -9 at random moments of backups and restores (docs/security.md, S82).

use super::{MOMENTS, command, from_variable, prepared, start, stop, text};
use crate::soak::{
    Failure, Target,
    bounds::{data, people::Sample},
    random, report, rounds,
};
use std::{
    path::Path,
    process::Stdio,
    time::{Duration, Instant},
};
use tokio::time::sleep;

/// Rows of the request log, at most.
const ROWS: u64 = 60_000;

/// Kills backups and restores on an engine.
pub async fn run(target: Target) -> Result<(), Failure> {
    let program = start(&target).await?;
    let sample = Sample::sign_up(program.address).await?;
    stop(program).await;
    data::fill(&target, &sample, from_variable("ROWS", ROWS)?.min(ROWS)).await?;
    let backups = tempfile::tempdir()?;
    let good = backups.path().join("good");
    let began = Instant::now();
    must(&target, &["backup", text(&good)?]).await?;
    kill_backups(&target, &backups.path().join("one"), began.elapsed()).await?;
    if target.engine == "SQLite" {
        kill_sqlite_restores(&target, &good).await?;
    } else {
        kill_postgres_restores(&target, &good).await?;
    }
    target.remove().await
}

async fn kill_backups(target: &Target, dir: &Path, takes: Duration) -> Result<(), Failure> {
    let moments = rounds(MOMENTS)?;
    let (mut whole, mut half) = (0, 0);
    for _ in 0..moments {
        kill_within(target, &["backup", text(dir)?], takes).await?;
        if dir.exists() {
            whole += 1;
            half += u32::from(!is_well(target, &["check", text(dir)?]).await?);
            std::fs::remove_dir_all(dir)?;
        }
    }
    report(
        target,
        &format!("S82: half backups of {moments} that were killed"),
        format!("{half} ({whole} whole)"),
        half == 0,
        "0",
    );
    Ok(())
}

async fn kill_sqlite_restores(target: &Target, good: &Path) -> Result<(), Failure> {
    let moments = rounds(MOMENTS)?;
    let restore = ["restore", text(good)?, "--replace", "--without-journal"];
    let began = Instant::now();
    must(target, &restore).await?;
    let takes = began.elapsed();
    let mut half = 0;
    for _ in 0..moments {
        kill_within(target, &restore, takes).await?;
        half += u32::from(!is_well(target, &["check"]).await?);
    }
    report(
        target,
        &format!("S82: half databases of {moments} restores that were killed"),
        half,
        half == 0,
        "0",
    );
    Ok(())
}

/// Kills restores into empty databases, and repeats each. Either the killed restore has changed nothing and the repeated one
/// succeeds, or it was complete and the repeated one is refused.
async fn kill_postgres_restores(target: &Target, good: &Path) -> Result<(), Failure> {
    let moments = rounds(MOMENTS)?;
    let restore = ["restore", text(good)?, "--without-journal"];
    let mut takes = None;
    let (mut repeated, mut refused, mut half) = (0, 0, 0);
    for n in 0..=moments {
        let fresh = target.another(&format!("backup_restored_{n}")).await?;
        let pepper = |target: &Target| target.folder.path().join("pepper");
        std::fs::copy(pepper(target), pepper(&fresh))?;
        let Some(takes) = takes else {
            let began = Instant::now();
            must(&fresh, &restore).await?;
            takes = Some(began.elapsed());
            fresh.remove().await?;
            continue;
        };
        kill_within(&fresh, &restore, takes).await?;
        let again = command(&fresh, fresh.folder.path(), &restore).await?;
        let said = String::from_utf8_lossy(&again.stderr).into_owned();
        if again.status.success() {
            repeated += 1;
        } else if said.contains("already has tables of this product") {
            refused += 1;
        } else {
            println!("{said}");
            half += 1;
        }
        half += u32::from(!is_well(&fresh, &["check"]).await?);
        fresh.remove().await?;
    }
    report(
        target,
        &format!("S82: half databases of {moments} restores that were killed"),
        format!("{half} ({repeated} repeated, {refused} whole)"),
        half == 0,
        "0",
    );
    Ok(())
}

/// Runs a command that must succeed.
pub async fn must(target: &Target, arguments: &[&str]) -> Result<(), Failure> {
    let done = command(target, target.folder.path(), arguments).await?;
    if done.status.success() {
        return Ok(());
    }
    Err(format!("{arguments:?}: {}", String::from_utf8_lossy(&done.stderr)).into())
}

async fn is_well(target: &Target, check: &[&str]) -> Result<bool, Failure> {
    Ok(command(target, target.folder.path(), check)
        .await?
        .status
        .success())
}

/// Starts a command and kills it at a random moment of the time that it takes.
async fn kill_within(target: &Target, arguments: &[&str], takes: Duration) -> Result<(), Failure> {
    let mut process = prepared(target, target.folder.path(), arguments)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    sleep(takes.mul_f64(random())).await;
    process.kill().await?;
    Ok(())
}
