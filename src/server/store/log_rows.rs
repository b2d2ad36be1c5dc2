//! Writing the request log: many rows with one statement, since a statement for each is what writing costs most.

use super::{Conn, StoreError};
use crate::domain::log::LogEntry;
use sqlx::{PgConnection, SqliteConnection};
use std::{fmt::Write as _, sync::LazyLock};

/// Rows of SQLite's longer statement; transactions of a multiple of it are written fastest.
pub const MANY: usize = 64;

/// Columns that are given, and their types.
const COLUMNS: [(&str, &str); 11] = [
    ("id", "TEXT"),
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
static POSTGRES: LazyLock<String> = LazyLock::new(postgres);

/// The names of the columns, with commas between them.
fn names() -> String {
    COLUMNS.map(|(name, _)| name).join(", ")
}

/// SQLite takes rows. Their values have no numbers: with numbers it takes them for names, and looks through all of them
/// for each.
fn sqlite(rows: usize) -> String {
    let row = format!("({})", COLUMNS.map(|_| "?").join(", "));
    let rows = vec![row; rows].join(", ");
    let with = format!("WITH given ({}) AS (VALUES {rows}) ", names());
    insert(&with, "given", "")
}

/// PostgreSQL takes columns, of as many rows as there are.
fn postgres() -> String {
    let mut given = String::from("UNNEST(");
    for (place, (_, kind)) in COLUMNS.iter().enumerate() {
        let comma = if place == 0 { "" } else { ", " };
        // Writing to a text does not fail.
        let _ = write!(given, "{comma}${}::{kind}[]", place + 1);
    }
    let _ = write!(given, ") AS given ({})", names());
    // In the order of the keys, as [`super::keys::Keys::lock`] has it, however the join is done.
    insert("", &given, "ORDER BY given.key_id ")
}

/// The statement that adds what is given. The row of a key that was deleted meanwhile is not written, nor one that is
/// there already.
fn insert(with: &str, given: &str, order: &str) -> String {
    let own = |(name, _): &(&str, &str)| format!("given.{name}");
    let values = COLUMNS[2..].iter().map(own).collect::<Vec<_>>().join(", ");
    format!(
        "{with}INSERT INTO request_logs (account_id, {names}) \
         SELECT k.account_id, given.id, k.id, {values} FROM {given} JOIN api_keys k ON k.id = given.key_id \
         WHERE TRUE {order}ON CONFLICT (id) DO NOTHING",
        names = names(),
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
    fn column<'r, T>(rows: &'r [LogEntry], value: impl Fn(&'r LogEntry) -> T) -> Vec<T> {
        rows.iter().map(value).collect()
    }
    sqlx::query(POSTGRES.as_str())
        .bind(column(rows, |entry| entry.request_id.as_str()))
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
