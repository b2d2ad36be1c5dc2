//! Rows of a PostgreSQL database: copied from one snapshot, and restored in one transaction.

use super::super::{
    Conn, ConnectError, Location, Store,
    engine::{driver_errors, migrations, pools::Pools},
};
use super::{CopyError, Facts, Fault, LEFT_OUT, TABLES, facts};
use futures_util::TryStreamExt as _;
use sqlx::{
    AssertSqlSafe, Executor as _, PgConnection, PgPool, Postgres, Transaction,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use std::{io, time::Duration};
use tokio::{
    sync::mpsc::{Receiver, Sender},
    time::{sleep, timeout},
};

/// Session settings: no statement time-out, no waiting for locks, and an idle transaction ends.
const LIMITS: &str = "SET jit = off; SET lock_timeout = 5000; SET statement_timeout = 0; \
    SET idle_in_transaction_session_timeout = 600000; SET client_min_messages = warning";
const SNAPSHOT: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
/// Time limit for the next rows from PostgreSQL.
const PATIENCE: Duration = Duration::from_mins(2);
const CONNECTING: Duration = Duration::from_secs(5);
/// Number of checks whether other sessions have ended, and the pause between two: 3 seconds in total.
const TRIES: u32 = 15;
const PAUSE: Duration = Duration::from_millis(200);
/// Size of the chunks of rows, in bytes.
const CHUNK: usize = 256 * 1024;

const COLUMNS: &str = "SELECT CAST(column_name AS TEXT) FROM information_schema.columns
    WHERE table_schema = current_schema() AND table_name = $1 ORDER BY ordinal_position";
/// Other sessions of the product in this database: servers and commands.
const OTHERS: &str = "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database()
    AND application_name = 'babysea' AND pid <> pg_backend_pid()";
const SCHEMA: &str = "SELECT CAST(current_schema() AS TEXT)";
const OURS: &str = "SELECT CAST(tablename AS TEXT) FROM pg_tables
    WHERE schemaname = current_schema() AND tablename = ANY($1) ORDER BY 1";
/// The functions that the triggers of these tables call.
const FUNCTIONS: &str = "SELECT DISTINCT CAST(p.proname AS TEXT) FROM pg_trigger t
    JOIN pg_proc p ON p.oid = t.tgfoid JOIN pg_class c ON c.oid = t.tgrelid
    JOIN pg_namespace n ON n.oid = c.relnamespace AND n.oid = p.pronamespace
    WHERE NOT t.tgisinternal AND n.nspname = current_schema() AND c.relname = ANY($1)";
/// Constraints that were not validated, and incomplete indexes.
const INVALID: &str =
    "SELECT CAST(conname AS TEXT) FROM pg_constraint c JOIN pg_namespace n ON n.oid = c.connamespace
    WHERE n.nspname = current_schema() AND NOT convalidated
    UNION ALL SELECT CAST(r.relname AS TEXT) FROM pg_index i JOIN pg_class r ON r.oid = i.indexrelid
    JOIN pg_namespace n ON n.oid = r.relnamespace
    WHERE n.nspname = current_schema() AND NOT i.indisvalid LIMIT 5";

async fn connect(options: PgConnectOptions) -> Result<PgPool, sqlx::Error> {
    PgPoolOptions::new()
        .max_connections(1)
        .acquire_timeout(CONNECTING)
        .after_connect(|conn, _| Box::pin(async move { conn.execute(LIMITS).await.map(drop) }))
        .connect_with(options)
        .await
}

/// A snapshot of the database, on a connection of its own.
pub struct Snapshot(Transaction<'static, Postgres>);

impl Snapshot {
    /// Starts a snapshot; `None` on SQLite.
    ///
    /// # Errors
    /// When PostgreSQL gives no connection.
    pub async fn begin(store: &Store) -> Result<Option<Self>, CopyError> {
        let Pools::Postgres(pools) = &store.pools else {
            return Ok(None);
        };
        let options = (*pools.short.connect_options()).clone();
        let begun = async { connect(options.clone()).await?.begin_with(SNAPSHOT).await };
        match begun.await {
            Ok(tx) => Ok(Some(Self(tx))),
            Err(error) => Err(CopyError::Failed(driver_errors::postgres(&error, &options))),
        }
    }

    /// Facts about the database; rows are only counted with `count`.
    pub async fn facts(&mut self, count: bool) -> Result<Facts, CopyError> {
        Facts::read(Conn::Postgres(&mut self.0), count).await
    }

    /// What is wrong with it.
    pub async fn fault(&mut self) -> Result<Fault, CopyError> {
        let invalid: Vec<String> = sqlx::query_scalar(INVALID).fetch_all(&mut *self.0).await?;
        let mut fault: Fault = invalid
            .into_iter()
            .map(|name| format!("{name} is not valid: its creation was not completed"))
            .collect();
        fault.extend(facts::orphans(Conn::Postgres(&mut self.0)).await?);
        Ok(fault)
    }

    /// The columns of a table, in their order.
    pub async fn columns(&mut self, table: &str) -> Result<Vec<String>, CopyError> {
        Ok(sqlx::query_scalar(COLUMNS)
            .bind(table)
            .fetch_all(&mut *self.0)
            .await?)
    }

    /// Sends the rows of a table in PostgreSQL's text format, one a line; returns how many.
    ///
    /// # Errors
    /// When PostgreSQL fails. `Stopped` when the receiver of the rows is gone.
    pub async fn copy(
        &mut self,
        table: &str,
        columns: &[String],
        to: &Sender<Vec<u8>>,
    ) -> Result<u64, CopyError> {
        let sql = format!("COPY {} TO STDOUT", named(table, columns));
        let mut rows = self.0.copy_out_raw(&sql).await?;
        let (mut count, mut chunk) = (0, Vec::with_capacity(CHUNK));
        loop {
            let next = timeout(PATIENCE, rows.try_next()).await;
            let Some(row) = next.unwrap_or(Err(sqlx::Error::PoolTimedOut))? else {
                break;
            };
            // PostgreSQL sends a message for each row.
            count += 1;
            chunk.extend_from_slice(&row);
            if chunk.len() >= CHUNK {
                let full = std::mem::replace(&mut chunk, Vec::with_capacity(CHUNK));
                to.send(full).await.map_err(|_| CopyError::Stopped)?;
            }
        }
        to.send(chunk).await.map_err(|_| CopyError::Stopped)?;
        Ok(count)
    }
}

/// `table (column, column)`, the format of COPY.
fn named(table: &str, columns: &[String]) -> String {
    let columns: Vec<_> = columns.iter().map(|name| quoted(name)).collect();
    format!("{} ({})", quoted(table), columns.join(", "))
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A restore in progress: nothing is visible before it is committed.
pub struct Load(Transaction<'static, Postgres>);

/// What happened to existing tables.
#[derive(Debug, PartialEq, Eq)]
pub enum Emptied {
    /// There was none.
    Nothing,
    /// They were moved to this schema.
    Kept(String),
}

impl Load {
    /// Starts a restore, while no server uses the database.
    pub async fn begin(location: &Location) -> Result<Self, CopyError> {
        let Location::Postgres(url) = location else {
            return Err(CopyError::Failed("this is not a PostgreSQL database".to_owned()));
        };
        let options = url.options().map_err(ConnectError::from)?;
        let failed = |error: sqlx::Error| CopyError::Failed(driver_errors::postgres(&error, &options));
        let pool = connect(options.clone()).await.map_err(failed)?;
        let mut tx = pool.begin().await.map_err(failed)?;
        // With this lock, a server that starts and finds older tables, or none, waits. PostgreSQL needs a
        // moment to notice that a process has ended.
        let mut tries = TRIES;
        while !migrations::try_lock(&mut tx).await.map_err(failed)? {
            tries -= 1;
            if tries == 0 {
                return Err(CopyError::Failed(
                    "another program creates or changes the tables: stop it first".to_owned(),
                ));
            }
            sleep(PAUSE).await;
        }
        let mut load = Self(tx);
        let mut tries = TRIES;
        while let Err(error) = load.alone().await {
            tries -= 1;
            if tries == 0 {
                return Err(error);
            }
            sleep(PAUSE).await;
        }
        Ok(load)
    }

    /// Fails while a server or another command uses the database.
    async fn alone(&mut self) -> Result<(), CopyError> {
        // Without this, PostgreSQL repeats its first result within a transaction.
        self.0.execute("SELECT pg_stat_clear_snapshot()").await?;
        let others: i64 = sqlx::query_scalar(OTHERS).fetch_one(&mut *self.0).await?;
        if others == 0 {
            return Ok(());
        }
        Err(CopyError::Failed(format!(
            "servers or commands use the database, by {others} sessions with the application name babysea: stop them first"
        )))
    }

    /// Requires that there are no tables; with `replace` they are moved to the schema `kept`.
    pub async fn make_room(&mut self, replace: bool, kept: &str) -> Result<Emptied, CopyError> {
        let schema: Option<String> = sqlx::query_scalar(SCHEMA).fetch_one(&mut *self.0).await?;
        let Some(schema) = schema else {
            return Err(CopyError::Failed(
                "no schema of this user's search_path exists: create one (CREATE SCHEMA public)".to_owned(),
            ));
        };
        let ours: Vec<&str> = TABLES
            .iter()
            .map(|&(name, _)| name)
            .chain(LEFT_OUT.iter().copied())
            .chain([migrations::TABLE])
            .collect();
        let found: Vec<String> = sqlx::query_scalar(OURS)
            .bind(&ours)
            .fetch_all(&mut *self.0)
            .await?;
        if found.is_empty() {
            return Ok(Emptied::Nothing);
        }
        if !replace {
            return Err(CopyError::Failed(format!(
                "the database already has tables of this product ({} in the schema {schema}): name an empty database, \
                 or add --replace, which moves them to another schema",
                found.len()
            )));
        }
        let functions: Vec<String> = sqlx::query_scalar(FUNCTIONS)
            .bind(&found)
            .fetch_all(&mut *self.0)
            .await?;
        let moved = self.move_to(&found, &functions, kept).await;
        moved.map_err(|error| {
            CopyError::Failed(format!(
                "the existing tables cannot be moved to another schema ({error}): run this as their owner, or \
                 restore into an empty database"
            ))
        })?;
        Ok(Emptied::Kept(kept.to_owned()))
    }

    async fn move_to(
        &mut self,
        tables: &[String],
        functions: &[String],
        kept: &str,
    ) -> Result<(), sqlx::Error> {
        let kept = quoted(kept);
        let mut statements = vec![format!("CREATE SCHEMA {kept}")];
        for table in tables {
            statements.push(format!("ALTER TABLE {} SET SCHEMA {kept}", quoted(table)));
        }
        for function in functions {
            statements.push(format!("ALTER FUNCTION {}() SET SCHEMA {kept}", quoted(function)));
        }
        for sql in statements {
            self.0.execute(AssertSqlSafe(sql)).await?;
        }
        Ok(())
    }

    /// Creates the empty tables, as of this migration.
    ///
    /// # Errors
    /// When PostgreSQL refuses.
    pub async fn make_tables(&mut self, version: i64) -> Result<(), CopyError> {
        let made = migrations::POSTGRES
            .run_direct(Some(version), &mut *self.0, false)
            .await;
        made.map_err(ConnectError::from)?;
        for &(table, count) in TABLES {
            let rows: i64 = sqlx::query_scalar(count).fetch_one(&mut *self.0).await?;
            if rows > 0 {
                let sql = format!("DELETE FROM {}", quoted(table));
                self.0.execute(AssertSqlSafe(sql)).await?;
            }
        }
        Ok(())
    }

    /// Adds the rows of a table; returns how many.
    ///
    /// # Errors
    /// When PostgreSQL refuses one, or they cannot be read.
    pub async fn fill(
        &mut self,
        table: &str,
        columns: &[String],
        mut from: Receiver<io::Result<Vec<u8>>>,
    ) -> Result<u64, CopyError> {
        let conn: &mut PgConnection = &mut self.0;
        let mut copy = conn
            .copy_in_raw(&format!("COPY {} FROM STDIN", named(table, columns)))
            .await?;
        while let Some(chunk) = from.recv().await {
            match chunk {
                Ok(chunk) => drop(copy.send(chunk).await?),
                Err(error) => {
                    copy.abort("the file cannot be read").await?;
                    return Err(CopyError::Failed(format!(
                        "the rows of {table} cannot be read: {error}"
                    )));
                }
            }
        }
        Ok(copy.finish().await?)
    }

    /// Facts about the restored database.
    pub async fn facts(&mut self) -> Result<Facts, CopyError> {
        Facts::read(Conn::Postgres(&mut self.0), false).await
    }

    /// Rows with a dangling reference.
    pub async fn orphans(&mut self) -> Result<Fault, CopyError> {
        facts::orphans(Conn::Postgres(&mut self.0)).await
    }

    /// Commits the restore.
    ///
    /// # Errors
    /// When a server was started meanwhile, or PostgreSQL fails.
    pub async fn commit(mut self) -> Result<(), CopyError> {
        // The planner has no statistics of new tables.
        let tables: Vec<_> = TABLES.iter().map(|&(name, _)| quoted(name)).collect();
        let sql = format!("ANALYZE {}", tables.join(", "));
        self.0.execute(AssertSqlSafe(sql)).await?;
        self.alone().await?;
        Ok(self.0.commit().await?)
    }
}
