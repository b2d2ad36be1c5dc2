//! Connections that cannot do their work are closed instead of reused (docs/security.md, S72 and S94).
//!
//! Two rules, applied by hooks of every serving pool:
//! - A connection that still has a transaction after its rollback is closed. After a failed COMMIT (disk full) SQLite
//!   has ended the transaction and the driver does not know.
//! - An error that concerns the connection or the database, rather than the statement, is a sign. It wakes a watcher, which
//!   opens new connections until one can write ([`Probe`]). All connections older than that one are closed when
//!   they are next taken from their pool. So settings that a session got at its start (a read-only database) do
//!   not outlive their cause.

use super::probe::Probe;
use crate::server::runtime::tasks::{End, Tasks};
use sqlx::{Connection, Database, pool::PoolOptions};
use std::{
    sync::{
        Arc, Mutex, PoisonError, Weak,
        atomic::{AtomicU8, AtomicU64, Ordering::SeqCst},
    },
    time::{Duration, Instant},
};
use tokio::{
    sync::Notify,
    time::{sleep, timeout},
};

/// Number of signs in this process. Errors carry no reference to their store, so a sign makes every store of
/// the process check.
static SIGNS: AtomicU64 = AtomicU64::new(0);
static SIGN: Notify = Notify::const_new();

/// Time limit of the ping when a connection is taken from or returned to its pool.
const PING: Duration = Duration::from_millis(400);
/// A connection that was used this recently is not pinged when it is taken.
const FRESH: Duration = Duration::from_secs(1);
/// The pause between two probes, and after a successful one.
const PAUSE: Duration = Duration::from_millis(500);

const WELL: u8 = 0;
const UNKNOWN: u8 = 1;
const UNWELL: u8 = 2;

/// Called for every error of a statement.
pub(super) fn judge(error: &sqlx::Error) {
    if is_sign(error) {
        doubt();
    }
}

/// Records a sign.
pub(super) fn doubt() {
    SIGNS.fetch_add(1, SeqCst);
    SIGN.notify_waiters();
}

/// Whether an error says that the connection or the database cannot do its work.
fn is_sign(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Database(error) => error.code().is_some_and(|code| is_code_of_connection(&code)),
        sqlx::Error::Io(_)
        | sqlx::Error::Protocol(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::WorkerCrashed
        | sqlx::Error::BeginFailed
        | sqlx::Error::InvalidSavePointStatement => true,
        _ => false,
    }
}

/// SQLSTATE codes have five characters; SQLite's extended result codes are numbers.
fn is_code_of_connection(code: &str) -> bool {
    if code.len() == 5 {
        // Read-only; a failed or idle transaction; shutdown, crash, starting; connection exceptions; a pooler's sessions.
        return matches!(
            code,
            "25006" | "25P02" | "25P03" | "57P01" | "57P02" | "57P03" | "57P05" | "42P05" | "26000"
        ) || code.starts_with("08");
    }
    // READONLY, IOERR, CORRUPT, CANTOPEN, NOTADB. FULL concerns the disk: only a connection whose COMMIT
    // failed is unusable, and the first rule detects it.
    let primary = code.parse::<u32>().map(|code| code & 0xff);
    matches!(primary, Ok(8 | 10 | 11 | 14 | 26))
}

/// State of a store's connections.
pub(super) struct Fitness {
    /// The write probe.
    pub(super) probe: Probe,
    state: AtomicU8,
    /// Connections created before this are not reused.
    renewed: Mutex<Option<Instant>>,
}

impl Fitness {
    pub(super) fn new(probe: Probe) -> Arc<Self> {
        Arc::new(Self {
            probe,
            state: AtomicU8::new(WELL),
            renewed: Mutex::default(),
        })
    }

    /// Whether the last probe could not write.
    pub(super) fn is_unwell(&self) -> bool {
        self.state.load(SeqCst) == UNWELL
    }

    fn renew(&self, began: Instant) {
        *self.renewed.lock().unwrap_or_else(PoisonError::into_inner) = Some(began);
        self.state.store(WELL, SeqCst);
    }

    fn is_outdated(&self, age: Duration) -> bool {
        let renewed = *self.renewed.lock().unwrap_or_else(PoisonError::into_inner);
        renewed.is_some_and(|renewed| age > renewed.elapsed())
    }

    /// Adds the rules to a pool.
    pub(super) fn guard<D: Database>(self: &Arc<Self>, options: PoolOptions<D>) -> PoolOptions<D> {
        let (taken, given_back) = (Arc::clone(self), Arc::clone(self));
        options
            .test_before_acquire(false)
            .before_acquire(move |conn, meta| {
                let is_outdated = taken.is_outdated(meta.age);
                Box::pin(async move {
                    if is_outdated {
                        return Ok(false);
                    }
                    if meta.idle_for > FRESH {
                        ping(conn).await?;
                    }
                    Ok(true)
                })
            })
            .after_release(move |conn, meta| {
                let is_doubted = given_back.state.load(SeqCst) == UNKNOWN || given_back.is_outdated(meta.age);
                Box::pin(async move {
                    // The ping first runs queued work, such as the rollback of a transaction.
                    ping(conn).await?;
                    Ok(!is_doubted && !conn.is_in_transaction())
                })
            })
    }
}

async fn ping<C: Connection>(conn: &mut C) -> Result<(), sqlx::Error> {
    let answered = timeout(PING, conn.ping()).await;
    let answered = answered.unwrap_or(Err(sqlx::Error::PoolTimedOut));
    if answered.is_err() {
        doubt();
    }
    answered
}

/// Starts the watcher.
pub(super) fn start(tasks: &Tasks, fitness: &Arc<Fitness>) {
    let fitness = Arc::downgrade(fitness);
    tasks.watch("connections", move || {
        let watch = watch(fitness.clone());
        async {
            watch.await;
            End::Done
        }
    });
}

/// Watches for signs for as long as the store is in use.
async fn watch(fitness: Weak<Fitness>) {
    let mut handled = SIGNS.load(SeqCst);
    loop {
        let sign = SIGN.notified();
        if SIGNS.load(SeqCst) == handled {
            let _ = timeout(PAUSE, sign).await;
        }
        let signs = SIGNS.load(SeqCst);
        let Some(fitness) = fitness.upgrade() else { return };
        if signs == handled {
            continue;
        }
        handled = signs;
        fitness.state.store(UNKNOWN, SeqCst);
        loop {
            let began = Instant::now();
            match fitness.probe.write_anew().await {
                Ok(()) => {
                    fitness.renew(began);
                    break;
                }
                // The store is closed.
                Err(sqlx::Error::PoolClosed) => return,
                Err(_) => {}
            }
            if fitness.state.swap(UNWELL, SeqCst) == UNKNOWN {
                tracing::warn!("the database cannot be changed now: connections are renewed once it can");
            }
            if Arc::strong_count(&fitness) == 1 {
                return;
            }
            sleep(PAUSE).await;
        }
        drop(fitness);
        sleep(PAUSE).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_speak_of_the_connection_and_not_of_the_statement() {
        for sign in [
            "25006", "25P02", "25P03", "57P01", "57P02", "57P03", "08006", "8", "1544", "3338", "26",
        ] {
            assert!(is_code_of_connection(sign), "{sign}");
        }
        for other in [
            "23505", "57014", "40001", "55P03", "42501", "5", "9", "19", "2067", "787", "13",
        ] {
            assert!(!is_code_of_connection(other), "{other}");
        }
    }

    #[test]
    fn connections_made_before_the_last_renewal_are_outdated() {
        let fitness = Fitness::new(Probe::sqlite(&sqlx::sqlite::SqliteConnectOptions::new()));
        assert!(!fitness.is_outdated(Duration::from_hours(1)));
        fitness.renew(Instant::now());
        assert!(fitness.is_outdated(Duration::from_hours(1)));
        assert!(!fitness.is_outdated(Duration::ZERO));
    }
}
