//! Last uses of keys.

use crate::{
    domain::{ids::KeyId, time::Timestamp},
    server::store::{
        Conn, StoreError, answered,
        engine::bulk::{self, MANY, column},
    },
};
use sqlx::{PgConnection, SqliteConnection};
use std::sync::LazyLock;

static SQLITE_ONE: LazyLock<String> = LazyLock::new(|| sqlite(1));
static SQLITE_MANY: LazyLock<String> = LazyLock::new(|| sqlite(MANY));

/// Begins with `WITH given (id, at) AS (VALUES (?, ?), ...)`.
fn sqlite(rows: usize) -> String {
    bulk::rows(&["id", "at"], rows)
        + "UPDATE api_keys SET last_used_at = given.at
            FROM given
            WHERE api_keys.id = given.id AND api_keys.deleted_at IS NULL
                AND (last_used_at IS NULL OR last_used_at < given.at)"
}

/// Locks the keys in the order of their ids first, as [`super::Keys::lock`] does.
const POSTGRES: &str = "WITH used AS (
        SELECT k.id, given.at
        FROM UNNEST($1::TEXT[], $2::BIGINT[]) AS given (id, at)
        JOIN api_keys k ON k.id = given.id AND k.deleted_at IS NULL
        ORDER BY k.id COLLATE \"C\" FOR UPDATE OF k
    )
    UPDATE api_keys SET last_used_at = used.at
    FROM used
    WHERE api_keys.id = used.id AND api_keys.deleted_at IS NULL AND (last_used_at IS NULL OR last_used_at < used.at)";

/// Uses of keys to write.
pub struct KeyUses<'c>(pub(in crate::server::store) Conn<'c>);

impl KeyUses<'_> {
    /// Writes the last uses of keys. If a later use is already stored, it is kept.
    pub async fn write(self, uses: &[(KeyId, Timestamp)]) -> Result<(), StoreError> {
        match self.0 {
            Conn::Sqlite(conn) => {
                let (many, rest) = uses.as_chunks::<MANY>();
                for rows in many {
                    write_rows(conn, &SQLITE_MANY, rows).await?;
                }
                for row in rest {
                    write_rows(conn, &SQLITE_ONE, std::slice::from_ref(row)).await?;
                }
            }
            Conn::Postgres(conn) => answered(write_columns(conn, uses)).await?,
        }
        Ok(())
    }
}

async fn write_rows(
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

async fn write_columns(conn: &mut PgConnection, rows: &[(KeyId, Timestamp)]) -> Result<(), StoreError> {
    sqlx::query(POSTGRES)
        .bind(column(rows, |(key, _)| key.to_string()))
        .bind(column(rows, |(_, at)| at.millis()))
        .execute(conn)
        .await?;
    Ok(())
}
