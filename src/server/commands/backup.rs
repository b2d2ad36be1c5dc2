//! `babysea backup`, `babysea restore` and `babysea check`.

use crate::server::{
    app::Parts,
    backups::{self, Order, Restore, Verdict},
    config::{BackupCommand, Config, RestoreCommand},
    runtime::quiet_thread,
    store::Store,
};
use std::{error::Error, path::Path, time::Duration};
use tokio::signal::unix::{SignalKind, signal};

/// Time limit for the clean-up of a stopped command.
const ENDING: Duration = Duration::from_secs(10);

/// Creates a backup; returns the text to print.
pub async fn backup(
    command: &BackupCommand,
    config: &Config,
    parts: &Parts,
) -> Result<String, Box<dyn Error>> {
    let store = Store::join(&config.database).await?;
    let order = Order {
        dir: command.dir.clone(),
        pepper: command.with_pepper.then(|| config.pepper_file.clone()),
        at: parts.clock.now(),
    };
    let manifest = until_stopped(async { Ok(backups::make(&store, &order).await?) }).await?;
    let pepper = if command.with_pepper {
        "the pepper is in it: anyone who has this backup can create keys"
    } else {
        "the pepper is not in it, and a restore needs it: keep a copy of the pepper elsewhere"
    };
    Ok(format!(
        "{}: {}\n{pepper}",
        command.dir.display(),
        manifest.summary()
    ))
}

/// Restores a backup; returns the text to print.
pub async fn restore(
    command: &RestoreCommand,
    config: &Config,
    parts: &Parts,
) -> Result<String, Box<dyn Error>> {
    let wanted = Restore {
        dir: command.dir.clone(),
        database: config.database.clone(),
        pepper_file: config.pepper_file.clone(),
        replace: command.replace,
        copies: config.backup_dir.clone(),
        without_journal: command.without_journal,
        at: parts.clock.now(),
    };
    let report = until_stopped(async { Ok(backups::restore(&wanted).await?) }).await?;
    Ok(report.join("\n"))
}

/// Verifies a backup, or the database; returns the text to print.
pub async fn check(dir: Option<&Path>, config: &Config) -> Result<String, Box<dyn Error>> {
    let pepper = &config.pepper_file;
    let Verdict { summary, faults } = until_stopped(async {
        if let Some(dir) = dir {
            return Ok(backups::verify(dir, pepper).await?);
        }
        let store = Store::join(&config.database).await?;
        Ok(backups::verify_live(&store, pepper).await?)
    })
    .await?;
    if faults.is_empty() {
        Ok(format!("all checks passed: {summary}"))
    } else {
        Err(format!("checks failed: {} ({summary})", faults.join("; ")).into())
    }
}

/// Cancels the work on SIGTERM and SIGINT, and waits until its temporary files are removed.
async fn until_stopped<T>(
    work: impl Future<Output = Result<T, Box<dyn Error>>>,
) -> Result<T, Box<dyn Error>> {
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let done = tokio::select! {
        done = work => return done,
        _ = terminate.recv() => Err("stopped by a signal: nothing was done".into()),
        _ = interrupt.recv() => Err("stopped by a signal: nothing was done".into()),
    };
    quiet_thread::all_ended(ENDING).await;
    done
}
