//! The database without the server: filled and counted with statements of its own.

use super::{Failure, Target, people::Sample};
use sqlx::{
    AssertSqlSafe, Connection as _, Executor as _, PgConnection, SqliteConnection,
    sqlite::SqliteConnectOptions,
};
use std::str::FromStr as _;

/// Rows that one statement adds.
const CHUNK: u64 = 250_000;
/// Age of the rows in days: above the default retention of the request log.
const AGE_DAYS: u32 = 40;
/// Tables that the measuring people write to; counted separately or not at all.
const OWN: [&str; 8] = [
    "_sqlx_migrations",
    "request_logs",
    "api_keys",
    "changed_keys",
    "servers",
    "sent_forms",
    "activity",
    "sessions",
];

/// A connection beside the server's.
pub enum Database {
    /// To the file.
    Sqlite(Box<SqliteConnection>),
    /// To the server.
    Postgres(Box<PgConnection>),
}

impl Database {
    /// Opens one.
    pub async fn open(target: &Target) -> Result<Self, Failure> {
        Ok(if target.engine == "SQLite" {
            // Rows are added for keys that are known to be there.
            let options = SqliteConnectOptions::from_str(&target.database)?.foreign_keys(false);
            Self::Sqlite(Box::new(SqliteConnection::connect_with(&options).await?))
        } else {
            Self::Postgres(Box::new(PgConnection::connect(&target.database).await?))
        })
    }

    /// Adds keys that nobody can use to the account of a person.
    pub async fn add_keys(&mut self, key: &str, count: u64) -> Result<(), Failure> {
        let columns = "INSERT INTO api_keys \
                       (id, account_id, name, name_key, prefix, hash, pepper_version, preset, scopes, creator_id, created_at, form_token)";
        let values = "k.account_id, 'one of many', 'one of many', 'bye_xxxxx'";
        let more = "k.pepper_version, k.preset, k.scopes, k.creator_id, k.created_at - i, 'many' || i";
        let mut from = 1;
        while from <= count {
            let until = count.min(from + CHUNK - 1);
            let sql = match self {
                Self::Sqlite(_) => format!(
                    "WITH RECURSIVE g(i) AS (SELECT {from} UNION ALL SELECT i + 1 FROM g WHERE i < {until}) {columns} \
                     SELECT printf('00000000-0000-4000-8000-%012d', i), {values}, randomblob(32), {more} \
                     FROM g, api_keys k WHERE k.id = '{key}'"
                ),
                Self::Postgres(_) => format!(
                    "{columns} SELECT '00000000-0000-4000-8000-' || lpad(CAST(i AS TEXT), 12, '0'), {values}, \
                     sha256(CAST('many' || i AS BYTEA)), {more} \
                     FROM generate_series({from}::BIGINT, {until}::BIGINT) AS g(i), api_keys k WHERE k.id = '{key}'"
                ),
            };
            self.execute(sql).await?;
            from = until + 1;
        }
        Ok(())
    }

    async fn execute(&mut self, sql: String) -> Result<(), Failure> {
        let sql = AssertSqlSafe(sql);
        match self {
            Self::Sqlite(connection) => connection.execute(sql).await.map(drop)?,
            Self::Postgres(connection) => connection.execute(sql).await.map(drop)?,
        }
        Ok(())
    }

    /// Runs a query that returns one number.
    pub async fn number(&mut self, sql: &str) -> Result<i64, Failure> {
        let sql = AssertSqlSafe(sql.to_owned());
        Ok(match self {
            Self::Sqlite(connection) => sqlx::query_scalar(sql).fetch_one(&mut **connection).await?,
            Self::Postgres(connection) => sqlx::query_scalar(sql).fetch_one(&mut **connection).await?,
        })
    }

    /// Whether the log has rows of a key.
    pub async fn has_rows(&mut self, key: &str) -> Result<bool, Failure> {
        let sql = format!(
            "SELECT COUNT(*) FROM (SELECT 1 FROM request_logs WHERE key_id = '{key}' LIMIT 1) AS found"
        );
        Ok(self.number(&sql).await? > 0)
    }

    /// Rows of all tables except those that the measuring people write to. Tables of later versions are included.
    pub async fn strangers(&mut self) -> Result<i64, Failure> {
        let mut sum = self
            .number("SELECT COUNT(*) FROM activity WHERE actor_id IS NULL")
            .await?;
        sum += self.number("SELECT COUNT(*) FROM sessions").await?;
        for table in self.tables().await? {
            if !OWN.contains(&table.as_str()) {
                sum += self.number(&format!("SELECT COUNT(*) FROM \"{table}\"")).await?;
            }
        }
        Ok(sum)
    }

    async fn tables(&mut self) -> Result<Vec<String>, Failure> {
        Ok(match self {
            Self::Sqlite(connection) => {
                let sql = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'";
                sqlx::query_scalar(sql).fetch_all(&mut **connection).await?
            }
            Self::Postgres(connection) => {
                let sql = "SELECT CAST(tablename AS TEXT) FROM pg_tables WHERE schemaname = current_schema()";
                sqlx::query_scalar(sql).fetch_all(&mut **connection).await?
            }
        })
    }

    /// Ends the database sessions of a server that was killed.
    pub async fn end_others(&mut self) -> Result<(), Failure> {
        match self {
            Self::Sqlite(_) => Ok(()),
            Self::Postgres(_) => {
                let sql = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                           WHERE datname = current_database() AND pid <> pg_backend_pid()";
                self.execute(sql.to_owned()).await
            }
        }
    }
}

/// Adds as many rows to the logs of each of the two long keys, while no server runs.
pub async fn fill(target: &Target, sample: &Sample, rows: u64) -> Result<(), Failure> {
    let mut database = Database::open(target).await?;
    let begin = match &database {
        Database::Sqlite(_) => "PRAGMA synchronous = OFF",
        Database::Postgres(_) => "SET synchronous_commit = off",
    };
    database.execute(begin.to_owned()).await?;
    for (letter, key) in [('l', &sample.long.key), ('o', &sample.old.key)] {
        let mut from = 1;
        while from <= rows {
            let until = rows.min(from + CHUNK - 1);
            let sql = insert(&database, letter, key, from, until);
            database.execute(sql).await?;
            from = until + 1;
        }
    }
    let end = match &database {
        Database::Sqlite(_) => &["PRAGMA wal_checkpoint(TRUNCATE)"][..],
        // In production, autovacuum has run by the time a log is that long.
        Database::Postgres(_) => &["VACUUM (ANALYZE) request_logs", "CHECKPOINT"],
    };
    for sql in end {
        database.execute((*sql).to_owned()).await?;
    }
    Ok(())
}

fn insert(database: &Database, letter: char, key: &str, from: u64, until: u64) -> String {
    let columns = "INSERT INTO request_logs \
                   (id, account_id, key_id, method, route, path, params, status, user_agent, at)";
    let values = "k.account_id, k.id, 'GET', '/v1/status', '/v1/status', '', 200, 'curl/7.88.1'";
    match database {
        Database::Sqlite(_) => format!(
            "WITH RECURSIVE g(i) AS (SELECT {from} UNION ALL SELECT i + 1 FROM g WHERE i < {until}) {columns} \
             SELECT 'req_{letter}' || printf('%025d', i), {values}, \
             (strftime('%s') - {AGE_DAYS} * 86400) * 1000 + i FROM g, api_keys k WHERE k.id = '{key}'"
        ),
        Database::Postgres(_) => format!(
            "{columns} SELECT 'req_{letter}' || lpad(CAST(i AS TEXT), 25, '0'), {values}, \
             (CAST(extract(epoch FROM now()) AS BIGINT) - {AGE_DAYS} * 86400) * 1000 + i \
             FROM generate_series({from}::BIGINT, {until}::BIGINT) AS g(i), api_keys k WHERE k.id = '{key}'"
        ),
    }
}
