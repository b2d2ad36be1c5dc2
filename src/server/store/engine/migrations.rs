//! Migrates the tables to this release. On PostgreSQL the lock belongs to the migrating transaction, so it
//! ends with its session; it is only taken if a migration is due (docs/security.md, S91 and S95).

use crate::server::store::ConnectError;
use sqlx::{
    Connection as _, PgConnection, SqliteConnection,
    migrate::{Migrate as _, MigrateError, Migrator},
};
use std::{
    sync::LazyLock,
    time::{Duration, Instant},
};
use tokio::time::sleep;

pub(in crate::server::store) static SQLITE: LazyLock<Migrator> = LazyLock::new(|| {
    let mut migrator = sqlx::migrate!("migrations/sqlite");
    migrator.set_locking(false);
    migrator
});
/// Without sqlx's own lock, which belongs to the session and waits for ever.
pub(in crate::server::store) static POSTGRES: LazyLock<Migrator> = LazyLock::new(|| {
    let mut migrator = sqlx::migrate!("migrations/postgres");
    migrator.set_locking(false);
    migrator
});

/// Table of the applied migrations.
pub(in crate::server::store) const TABLE: &str = "_sqlx_migrations";
/// An arbitrary number ("babysea"); PostgreSQL keeps such locks separate by database.
const TRY_LOCK: &str = "SELECT pg_try_advisory_xact_lock(7019264412530921)";
/// Limits of the starting session: a lock is retried, a migration may take any time.
const SET_UP: &str = "SET lock_timeout = 1000; SET statement_timeout = 0; \
    SET idle_in_transaction_session_timeout = 0; SET client_min_messages = warning";

/// Total time a start waits for other processes (docs/operations.md).
pub(in crate::server::store) const GIVE_UP: Duration = Duration::from_mins(1);
/// Time after which the log says what the start waits for.
const QUIET: Duration = Duration::from_secs(1);
const AGAIN: Duration = Duration::from_millis(200);

/// Sets up the session that checks and migrates.
pub(in crate::server::store) async fn set_up(conn: &mut PgConnection) -> Result<(), sqlx::Error> {
    sqlx::raw_sql(SET_UP).execute(conn).await.map(drop)
}

/// Whether PostgreSQL's tables are of an earlier release, or missing.
pub(in crate::server::store) async fn is_due(conn: &mut PgConnection) -> Result<bool, ConnectError> {
    let exists: bool = sqlx::query_scalar("SELECT to_regclass('_sqlx_migrations') IS NOT NULL")
        .fetch_one(&mut *conn)
        .await?;
    if !exists {
        return Ok(true);
    }
    let applied = conn.list_applied_migrations(TABLE).await?;
    let is_applied = |version| applied.iter().any(|migration| migration.version == version);
    Ok(POSTGRES.iter().any(|migration| !is_applied(migration.version)))
}

/// Migrates PostgreSQL, or checks that nothing is due and that the tables are not of a later release.
pub(in crate::server::store) async fn run_postgres(conn: &mut PgConnection) -> Result<(), ConnectError> {
    let mut tx = conn.begin().await?;
    if is_due(&mut tx).await? {
        if !try_lock(&mut tx).await? {
            return Err(ConnectError::Waited("another server is migrating the tables"));
        }
        announce(applied_postgres(&mut tx).await?, &POSTGRES);
        POSTGRES.run_direct(None, &mut *tx, false).await?;
        tx.commit().await?;
        return Ok(());
    }
    // The migrator would need the privilege to create tables, even if there is nothing to create.
    if let Some(version) = tx.dirty_version(TABLE).await? {
        return Err(MigrateError::Dirty(version).into());
    }
    for applied in tx.list_applied_migrations(TABLE).await? {
        match POSTGRES.iter().find(|known| known.version == applied.version) {
            None => return Err(MigrateError::VersionMissing(applied.version).into()),
            Some(known) if known.checksum != applied.checksum => {
                return Err(MigrateError::VersionMismatch(applied.version).into());
            }
            Some(_) => {}
        }
    }
    tx.rollback().await?;
    Ok(())
}

/// Tries to take the migration lock until the transaction ends; returns whether it did.
pub(in crate::server::store) async fn try_lock(conn: &mut PgConnection) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar(TRY_LOCK).fetch_one(conn).await
}

async fn applied_postgres(conn: &mut PgConnection) -> Result<Option<i64>, ConnectError> {
    let exists: bool = sqlx::query_scalar("SELECT to_regclass('_sqlx_migrations') IS NOT NULL")
        .fetch_one(&mut *conn)
        .await?;
    if !exists {
        return Ok(None);
    }
    let applied = conn.list_applied_migrations(TABLE).await?;
    Ok(applied.iter().map(|migration| migration.version).max())
}

/// Migrates SQLite. Its file has one server, which holds the file's lock.
pub(in crate::server::store) async fn run_sqlite(conn: &mut SqliteConnection) -> Result<(), ConnectError> {
    const APPLIED: &str = "SELECT MAX(version) FROM _sqlx_migrations";
    let applied = sqlx::query_scalar(APPLIED).fetch_one(&mut *conn).await;
    announce(applied.unwrap_or(None), &SQLITE);
    SQLITE.run_direct(None, conn, false).await?;
    Ok(())
}

/// Logs that tables of an earlier release are migrated, which takes long if they are large.
fn announce(applied: Option<i64>, migrator: &Migrator) {
    let newest = newest(migrator);
    if let Some(applied) = applied
        && newest > Some(applied)
    {
        tracing::info!(
            from = applied,
            to = newest,
            "the tables are being migrated to this release: with millions of rows this can take some minutes"
        );
    }
}

/// The last migration of this release.
pub(in crate::server::store) fn newest(migrator: &Migrator) -> Option<i64> {
    migrator.iter().map(|migration| migration.version).max()
}

/// Waiting during a start: logged after a second, aborted after a minute.
pub(in crate::server::store) struct Wait {
    began: Instant,
    is_logged: bool,
}

impl Wait {
    pub(in crate::server::store) fn new() -> Self {
        Self {
            began: Instant::now(),
            is_logged: false,
        }
    }

    /// Waits before the next attempt, if a retry can resolve `error`.
    ///
    /// # Errors
    /// `error`, if a retry cannot resolve it, or the time is up.
    pub(in crate::server::store) async fn after(&mut self, error: ConnectError) -> Result<(), ConnectError> {
        let Some(cause) = error.passes() else {
            return Err(error);
        };
        let waited = self.began.elapsed();
        if waited >= GIVE_UP {
            return Err(ConnectError::Waited(cause));
        }
        if waited >= QUIET && !self.is_logged {
            self.is_logged = true;
            tracing::info!(
                "the start waits: {cause}. It gives up after {} seconds",
                GIVE_UP.as_secs()
            );
        }
        sleep(AGAIN).await;
        Ok(())
    }
}
