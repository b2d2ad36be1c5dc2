//! Writing the request log: many rows with one statement, since a statement for each is what writing costs most.

use super::{Conn, StoreError, on};
use crate::domain::log::LogEntry;
use std::{fmt::Write as _, sync::LazyLock};

/// Rows of the longer statement.
const MANY: usize = 64;

/// Columns that are given; what is no text is said to be none.
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

static INSERT_ONE: LazyLock<String> = LazyLock::new(|| insert(1));
static INSERT_MANY: LazyLock<String> = LazyLock::new(|| insert(MANY));

/// The statements, by name.
pub(super) fn statements() -> [(&'static str, &'static str); 2] {
    [("INSERT_ONE", &INSERT_ONE), ("INSERT_MANY", &INSERT_MANY)]
}

/// The statement that adds so many rows. The row of a key that was deleted meanwhile is not written, nor one that is
/// there already. In the order of the keys, as [`super::keys::Keys::lock`] has it, however the join is done.
fn insert(rows: usize) -> String {
    let names = COLUMNS.map(|(name, _)| name).join(", ");
    let mut sql = format!("WITH given ({names}) AS (VALUES ");
    let mut number = 0;
    for row in 0..rows {
        sql.push_str(if row == 0 { "(" } else { ", (" });
        for (column, (_, kind)) in COLUMNS.iter().enumerate() {
            number += 1;
            let comma = if column == 0 { "" } else { ", " };
            // Writing to a text does not fail.
            let _ = write!(sql, "{comma}CAST(${number} AS {kind})");
        }
        sql.push(')');
    }
    let values = COLUMNS[2..].iter().map(|(name, _)| format!(", given.{name}"));
    let _ = write!(
        sql,
        ") INSERT INTO request_logs (id, key_id, account_id, {columns}) \
         SELECT given.id, k.id, k.account_id{values} FROM given JOIN api_keys k ON k.id = given.key_id \
         WHERE TRUE ORDER BY given.key_id ON CONFLICT (id) DO NOTHING",
        columns = COLUMNS[2..]
            .iter()
            .map(|(name, _)| *name)
            .collect::<Vec<_>>()
            .join(", "),
        values = values.collect::<String>(),
    );
    sql
}

/// Rows to add.
pub struct LogRows<'c>(pub(super) Conn<'c>);

impl LogRows<'_> {
    /// Adds them, each once.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn insert(mut self, entries: &[LogEntry]) -> Result<(), StoreError> {
        let (many, rest) = entries.as_chunks::<MANY>();
        for rows in many {
            self.run(&INSERT_MANY, rows).await?;
        }
        for row in rest {
            self.run(&INSERT_ONE, std::slice::from_ref(row)).await?;
        }
        Ok(())
    }

    async fn run(&mut self, sql: &'static str, rows: &[LogEntry]) -> Result<(), StoreError> {
        on!(&mut self.0, c => {
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
            query.execute(&mut **c).await?;
        });
        Ok(())
    }
}
