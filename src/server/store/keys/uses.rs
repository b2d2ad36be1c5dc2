//! Last uses of keys.

use crate::{
    domain::{ids::KeyId, time::Timestamp},
    server::store::{
        Conn, StoreError, answered,
        engine::bulk::{self, Column, MANY, column},
    },
};
use sqlx::{PgConnection, SqliteConnection};
use std::sync::LazyLock;

/// Columns of the bulk update, and their types.
const COLUMNS: [Column; 2] = [("id", "TEXT"), ("at", "BIGINT")];

static SQLITE_ONE: LazyLock<String> = LazyLock::new(|| sqlite(1));
static SQLITE_MANY: LazyLock<String> = LazyLock::new(|| sqlite(MANY));
static POSTGRES: LazyLock<String> = LazyLock::new(|| {
    // Locks in the order of the keys, like [`super::Keys::lock`], because the update itself may take any
    // order.
    let with = format!(
        "WITH used AS (SELECT k.id, given.at FROM {} JOIN api_keys k ON k.id = given.id AND k.deleted_at IS NULL \
         ORDER BY k.id COLLATE \"C\" FOR UPDATE OF k) ",
        bulk::columns(&COLUMNS)
    );
    update(&with, "used")
});

fn sqlite(rows: usize) -> String {
    update(&bulk::rows(&COLUMNS, rows), "given")
}

fn update(with: &str, given: &str) -> String {
    format!(
        "{with}UPDATE api_keys SET last_used_at = {given}.at FROM {given} \
         WHERE api_keys.id = {given}.id AND api_keys.deleted_at IS NULL \
         AND (last_used_at IS NULL OR last_used_at < {given}.at)"
    )
}

/// Uses of keys to write.
pub struct KeyUses<'c>(pub(in crate::server::store) Conn<'c>);

impl KeyUses<'_> {
    /// Writes the last uses of keys. A later use that is stored already stays.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn note(self, uses: &[(KeyId, Timestamp)]) -> Result<(), StoreError> {
        match self.0 {
            Conn::Sqlite(conn) => {
                let (many, rest) = uses.as_chunks::<MANY>();
                for rows in many {
                    note_rows(conn, &SQLITE_MANY, rows).await?;
                }
                for row in rest {
                    note_rows(conn, &SQLITE_ONE, std::slice::from_ref(row)).await?;
                }
            }
            Conn::Postgres(conn) => answered(note_columns(conn, uses)).await?,
        }
        Ok(())
    }
}

async fn note_rows(
    conn: &mut SqliteConnection,
    sql: &'static str,
    rows: &[(KeyId, Timestamp)],
) -> Result<(), StoreError> {
    let mut query = sqlx::query(sql);
    for (key, at) in rows {
        query = query.bind(key.to_string()).bind(at.millis());
    }
    query.execute(conn).await?;
    Ok(())
}

async fn note_columns(conn: &mut PgConnection, rows: &[(KeyId, Timestamp)]) -> Result<(), StoreError> {
    sqlx::query(POSTGRES.as_str())
        .bind(column(rows, |(key, _)| key.to_string()))
        .bind(column(rows, |(_, at)| at.millis()))
        .execute(conn)
        .await?;
    Ok(())
}
