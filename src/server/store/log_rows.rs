//! Writing the request log.

use super::{
    Conn, StoreError,
    given::{self, Column, MANY, column},
};
use crate::domain::log::LogEntry;
use sqlx::{PgConnection, SqliteConnection};
use std::sync::LazyLock;

/// Columns that are given, and their types.
const COLUMNS: [Column; 12] = [
    ("id", "TEXT"),
    ("account_id", "TEXT"),
    ("key_id", "TEXT"),
    ("method", "TEXT"),
    ("route", "TEXT"),
    ("path", "TEXT"),
    ("params", "TEXT"),
    ("status", "BIGINT"),
    ("error_code", "TEXT"),
    ("ip_hash", "TEXT"),
    ("user_agent", "TEXT"),
    ("at", "BIGINT"),
];

static SQLITE_ONE: LazyLock<String> = LazyLock::new(|| sqlite(1));
static SQLITE_MANY: LazyLock<String> = LazyLock::new(|| sqlite(MANY));
static POSTGRES: LazyLock<String> = LazyLock::new(|| {
    // The keys are locked once and in their order, as [`super::keys::Keys::lock`] has it: one that is being deleted is
    // waited for, and one that was deleted has no rows any more.
    let with = format!(
        "WITH given AS (SELECT * FROM {}), k AS (\
         SELECT id FROM api_keys WHERE id IN (SELECT key_id FROM given) \
         ORDER BY id COLLATE \"C\" FOR KEY SHARE) ",
        given::columns(&COLUMNS)
    );
    insert(&with, "k")
});

fn sqlite(rows: usize) -> String {
    insert(&given::rows(&COLUMNS, rows), "api_keys")
}

/// The statement that adds what is given. The row of a key that was deleted meanwhile is not written, nor one that is
/// there already. Of the keys it asks no more than whether they are there, which an index says.
fn insert(with: &str, keys: &str) -> String {
    let names = given::names(&COLUMNS);
    format!(
        "{with}INSERT INTO request_logs ({names}) SELECT {names} FROM given \
         WHERE EXISTS (SELECT 1 FROM {keys} WHERE {keys}.id = given.key_id) ON CONFLICT (id) DO NOTHING"
    )
}

/// Rows to add.
pub struct LogRows<'c>(pub(super) Conn<'c>);

impl LogRows<'_> {
    /// Adds them, each once.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn insert(self, entries: &[LogEntry]) -> Result<(), StoreError> {
        match self.0 {
            Conn::Sqlite(conn) => {
                let (many, rest) = entries.as_chunks::<MANY>();
                for rows in many {
                    add_rows(conn, &SQLITE_MANY, rows).await?;
                }
                for row in rest {
                    add_rows(conn, &SQLITE_ONE, std::slice::from_ref(row)).await?;
                }
            }
            Conn::Postgres(conn) => add_columns(conn, entries).await?,
        }
        Ok(())
    }
}

async fn add_rows(
    conn: &mut SqliteConnection,
    sql: &'static str,
    rows: &[LogEntry],
) -> Result<(), StoreError> {
    let mut query = sqlx::query(sql);
    for entry in rows {
        query = query
            .bind(&entry.request_id)
            .bind(entry.account.to_string())
            .bind(entry.key.to_string())
            .bind(&entry.method)
            .bind(&*entry.route)
            .bind(&entry.path)
            .bind(&entry.params)
            .bind(i64::from(entry.status))
            .bind(entry.error_code)
            .bind(entry.ip_hash.as_deref())
            .bind(&entry.user_agent)
            .bind(entry.at.millis());
    }
    query.execute(conn).await?;
    Ok(())
}

async fn add_columns(conn: &mut PgConnection, rows: &[LogEntry]) -> Result<(), StoreError> {
    sqlx::query(POSTGRES.as_str())
        .bind(column(rows, |entry| entry.request_id.as_str()))
        .bind(column(rows, |entry| entry.account.to_string()))
        .bind(column(rows, |entry| entry.key.to_string()))
        .bind(column(rows, |entry| entry.method.as_str()))
        .bind(column(rows, |entry| &*entry.route))
        .bind(column(rows, |entry| entry.path.as_str()))
        .bind(column(rows, |entry| entry.params.as_str()))
        .bind(column(rows, |entry| i64::from(entry.status)))
        .bind(column(rows, |entry| entry.error_code))
        .bind(column(rows, |entry| entry.ip_hash.as_deref()))
        .bind(column(rows, |entry| entry.user_agent.as_str()))
        .bind(column(rows, |entry| entry.at.millis()))
        .execute(conn)
        .await?;
    Ok(())
}
