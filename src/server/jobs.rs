//! Background jobs: removing expired rows and the data of deleted keys, writing the entries of folded events, and
//! keeping names searchable by the rule of this version. All of them run in short steps and continue after a restart (docs/security.md, S85).

mod backups;
pub mod names;
pub mod pace;

pub use backups::{Schedule, keep_backups};

use super::{
    app::App,
    config::promises,
    store::{StoreError, Tables as _, retention::Kind},
};
use crate::domain::{ids::KeyId, time::Timestamp};
use pace::{LONG_LOG, Pace};
use std::{
    pin::Pin,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{
    signal::unix::Signal,
    sync::Mutex,
    time::{MissedTickBehavior, interval, sleep, timeout},
};

/// Purge interval (docs/security.md, S14).
const PURGE_EVERY: Duration = Duration::from_mins(10);
/// The interval after a failed purge.
const PURGE_AGAIN: Duration = Duration::from_mins(1);
/// Interval at which deleted keys are removed without a notification, for keys that other servers deleted, or
/// that were deleted before a restart.
const DELETED_EVERY: Duration = Duration::from_mins(1);
/// How often the length of the write-ahead log is checked.
const LOG_EVERY: Duration = Duration::from_secs(1);
/// How often folded events of past minutes are written.
const FOLDS_EVERY: Duration = Duration::from_secs(5);
/// Time limit for writing these entries at shutdown.
const FINISH: Duration = Duration::from_secs(2);
/// How long a form token is kept beyond the longest session. Once it is deleted, sending the form again would
/// yield another secret.
const FORMS_BEYOND: Duration = Duration::from_hours(24);
/// Keys that one statement reads.
const KEYS: u32 = 500;
/// Start and end of an unbounded range.
const ALWAYS: Timestamp = Timestamp::from_millis(i64::MIN);
const FOREVER: Timestamp = Timestamp::from_millis(i64::MAX);

/// Starts all jobs, each as a supervised task.
pub fn start(app: &App, hangups: Signal) {
    let hangups = Arc::new(Mutex::new(hangups));
    let with_app = |task: fn(App) -> Running| {
        let app = app.clone();
        move || task(app.clone())
    };
    let tasks = &app.tasks;
    tasks.watch_endless("catalogue", {
        let app = app.clone();
        move || follow_catalog(app.clone(), Arc::clone(&hangups))
    });
    tasks.watch_endless("purge", with_app(|app| Box::pin(run(app))));
    tasks.watch_endless("deleted keys", with_app(|app| Box::pin(remove_deleted(app))));
    tasks.watch_endless("repeated events", with_app(|app| Box::pin(write_folds(app))));
    if app.config.backup_dir.is_some() {
        tasks.watch_endless("backups", with_app(|app| Box::pin(keep_backups(app))));
    }
    tasks.watch_endless("write-ahead log", with_app(|app| Box::pin(keep_log_short(app))));
}

/// A running job.
type Running = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Reloads the catalogue on SIGHUP; an invalid file changes nothing.
async fn follow_catalog(app: App, hangups: Arc<Mutex<Signal>>) {
    let mut hangups = hangups.lock().await;
    while hangups.recv().await.is_some() {
        match app.reload_catalog().await {
            Ok(()) => tracing::info!("the catalogue was reloaded"),
            Err(error) => tracing::error!("the catalogue was not reloaded: {error}"),
        }
        reload_trusted_proxies(&app).await;
    }
}

/// Reloads the file of `TRUSTED_PROXIES`, if it names one. An invalid file changes nothing.
pub async fn reload_trusted_proxies(app: &App) {
    match app.reload_trusted_proxies().await {
        Ok(None) => {}
        Ok(Some(list)) => {
            tracing::info!("the list of trusted proxies was reloaded");
            if let Some(sentence) = promises::of_proxies(&list) {
                tracing::warn!("{sentence}");
            }
        }
        Err(error) => tracing::error!("the list of trusted proxies was not reloaded: {error}"),
    }
}

/// Purges at the start and every ten minutes; retries after a minute if that failed. Database errors are
/// logged and do not end the task.
pub async fn run(app: App) {
    loop {
        let pause = if purge(&app).await {
            PURGE_EVERY
        } else {
            PURGE_AGAIN
        };
        sleep(pause).await;
    }
}

/// Deletes expired rows, one kind after the other. An error in one kind does not stop the others. Returns
/// whether all succeeded.
pub async fn purge(app: &App) -> bool {
    let (now, config) = (app.now(), &app.config);
    let logs = now.minus(config.log_retention);
    let mut is_whole = report("sessions", purge_sessions(app).await);
    for (kind, before) in [
        (Kind::SentForms, now.minus(config.session_max).minus(FORMS_BEYOND)),
        (Kind::LogGaps, logs),
        (Kind::UnownedRefusals, logs),
        (Kind::UnownedActivity, logs),
    ] {
        is_whole &= report(kind.label(), purge_kind(app, kind, before).await);
    }
    is_whole &= report("sign-in waits", app.store.purge_sign_in_waits(now).await);
    is_whole &= fold_names(app).await;
    is_whole & report("rows of the request log", purge_logs(app).await)
}

/// Folds names anew that an earlier version has stored; returns whether it succeeded.
async fn fold_names(app: &App) -> bool {
    let folded = names::fold(app).await;
    match &folded {
        Ok(0) => {}
        Ok(count) => tracing::info!(
            count,
            "names of keys were prepared for searches by this version's rule"
        ),
        Err(error) => tracing::warn!(error = %error, "names of keys could not be prepared for searches yet"),
    }
    folded.is_ok()
}

/// Logs the result for one kind of rows; returns whether it succeeded.
fn report(what: &str, deleted: Result<u64, StoreError>) -> bool {
    match &deleted {
        Ok(0) => {}
        Ok(count) => tracing::info!(count, "{what} were deleted"),
        Err(error) => tracing::warn!(error = %error, "{what} could not be deleted yet"),
    }
    deleted.is_ok()
}

/// Deletes ended sessions; returns how many.
pub async fn purge_sessions(app: &App) -> Result<u64, StoreError> {
    let now = app.now();
    let idle = purge_kind(app, Kind::IdleSessions, now.minus(app.config.session_idle)).await?;
    Ok(idle + purge_kind(app, Kind::EndedSessions, now).await?)
}

/// Deletes the rows of a kind that are older than a given time; returns how many.
async fn purge_kind(app: &App, kind: Kind, before: Timestamp) -> Result<u64, StoreError> {
    let (mut pace, mut count) = (Pace::default(), 0);
    loop {
        let (began, limit) = (Instant::now(), pace.rows());
        let mut tx = app.store.write().await?;
        let deleted = tx.retention().step(kind, before, limit).await?;
        tx.commit().await?;
        count += deleted;
        if deleted < u64::from(limit) {
            return Ok(count);
        }
        pace.rest(&app.store, began.elapsed()).await;
    }
}

/// Deletes request log rows past the retention time, key by key; returns how many.
pub async fn purge_logs(app: &App) -> Result<u64, StoreError> {
    let before = app.now().minus(app.config.log_retention);
    let (mut pace, mut count, mut after) = (Pace::default(), 0, None);
    loop {
        let keys = app
            .store
            .read()
            .await?
            .retention()
            .keys(after, before, KEYS)
            .await?;
        for &(key, _) in keys.iter().filter(|(_, has_old)| *has_old) {
            count += remove_rows(app, key, before, &mut pace).await?;
        }
        match keys.last() {
            Some(&(last, _)) => after = Some(last),
            None => return Ok(count),
        }
    }
}

/// Deletes the log rows of a key from before a given time; returns how many.
async fn remove_rows(app: &App, key: KeyId, before: Timestamp, pace: &mut Pace) -> Result<u64, StoreError> {
    let (mut count, mut from) = (0, ALWAYS);
    loop {
        let (began, limit) = (Instant::now(), pace.rows());
        let mut tx = app.store.write().await?;
        let step = tx.retention().log_step(key, from, before, limit).await?;
        tx.commit().await?;
        count += step.rows;
        match step.last_at {
            Some(last_at) if step.rows >= u64::from(limit) => from = last_at,
            _ => return Ok(count),
        }
        pace.rest(&app.store, began.elapsed()).await;
    }
}

/// Removes the request logs of deleted keys: when notified of a deletion, and at intervals.
pub async fn remove_deleted(app: App) {
    loop {
        if let Err(error) = remove_deleted_keys(&app).await {
            tracing::warn!(error = %error, "the logs of deleted keys could not be removed yet");
        }
        // A notification in the meantime is not lost: `Notify` stores a permit.
        let _ = timeout(DELETED_EVERY, app.deletions.notified()).await;
    }
}

/// Removes the request logs of all deleted keys, then the keys; returns how many keys. A key whose rows
/// another server is removing is left for the next time.
pub async fn remove_deleted_keys(app: &App) -> Result<u64, StoreError> {
    let (mut pace, mut removed) = (Pace::default(), 0);
    loop {
        let keys = app.store.read().await?.retention().deleted_keys(KEYS).await?;
        let before = removed;
        for &key in &keys {
            let rows = remove_rows(app, key, FOREVER, &mut pace).await?;
            let mut tx = app.store.write().await?;
            if tx.retention().remove_key(key).await? {
                tx.commit().await?;
                removed += 1;
                tracing::info!(key = %key, rows, "the request log of a deleted key was removed");
            }
        }
        if removed == before {
            return Ok(removed);
        }
    }
}

/// Keeps SQLite's write-ahead log short during continuous long reads. Does nothing on PostgreSQL.
async fn keep_log_short(app: App) {
    let mut ticks = interval(LOG_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        if let Err(error) = app.store.restart_log(LONG_LOG).await {
            tracing::debug!(error = %error, "the write-ahead log could not be checked");
        }
    }
}

/// Writes the entries of folded events of past minutes; returns how many events they count.
pub async fn write_due_folds(app: &App) -> Result<u64, StoreError> {
    app.folds.write_due(&app.store, app.rng.as_ref(), app.now()).await
}

/// Writes them at intervals.
async fn write_folds(app: App) {
    let mut ticks = interval(FOLDS_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        if let Err(error) = write_due_folds(&app).await {
            tracing::warn!(error = %error, "repeated events could not be written to the activity yet");
        }
    }
}

/// Writes queued entries at shutdown.
pub async fn finish(app: &App) {
    let written = app.folds.write_all(&app.store, app.rng.as_ref(), app.now());
    if !matches!(timeout(FINISH, written).await, Ok(Ok(_))) {
        tracing::warn!("repeated events of the last minute are missing from the activity");
    }
}
