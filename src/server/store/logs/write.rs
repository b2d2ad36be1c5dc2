//! Inserting into the request log.

use crate::{
    domain::request_log::LogEntry,
    server::store::{
        Conn, StoreError, answered,
        engine::bulk::{self, MANY, column},
    },
};
use sqlx::{PgConnection, Postgres, SqliteConnection, postgres::PgArguments, query::QueryScalar};
use std::{
    collections::{BTreeSet, HashSet},
    sync::LazyLock,
};

/// The columns, in the order in which their values are bound and copied.
const COLUMNS: [&str; 12] = [
    "id",
    "account_id",
    "key_id",
    "method",
    "route",
    "path",
    "params",
    "status",
    "error_code",
    "ip_hash",
    "user_agent",
    "at",
];

static SQLITE_ONE: LazyLock<String> = LazyLock::new(|| sqlite(1));
static SQLITE_MANY: LazyLock<String> = LazyLock::new(|| sqlite(MANY));
static COPY: LazyLock<String> =
    LazyLock::new(|| format!("COPY request_logs ({}) FROM STDIN", COLUMNS.join(", ")));
/// Locks the keys in the order of their ids, as [`crate::server::store::keys::Keys::lock`] does, and returns those that
/// are not deleted. Waits for a deletion in progress, so that no row is added to a deleted key.
const LIVING: &str = "SELECT id FROM api_keys WHERE id = ANY($1) AND deleted_at IS NULL ORDER BY id COLLATE \"C\" FOR KEY SHARE";
/// PostgreSQL looks up rows by their whole primary key.
const PRESENT: &str = "SELECT id FROM request_logs WHERE (key_id, at, id) IN \
    (SELECT * FROM UNNEST($1::TEXT[], $2::BIGINT[], $3::TEXT[]))";

/// The insert for this number of rows, beginning with `WITH given (...) AS (VALUES ...)`. Two separate conditions for the
/// key, because each can use an index; the one on deleted keys is small.
fn sqlite(rows: usize) -> String {
    let (with, names) = (bulk::rows(&COLUMNS, rows), COLUMNS.join(", "));
    format!(
        "{with}INSERT INTO request_logs ({names})
            SELECT {names} FROM given
            WHERE EXISTS (SELECT 1 FROM api_keys k WHERE k.id = given.key_id)
                AND NOT EXISTS (SELECT 1 FROM api_keys k WHERE k.id = given.key_id AND k.deleted_at IS NOT NULL)
            ON CONFLICT (id) DO NOTHING"
    )
}

/// Inserts of log rows.
pub struct LogRows<'c>(pub(in crate::server::store) Conn<'c>);

impl LogRows<'_> {
    /// Inserts rows, each once. A row whose key was deleted meanwhile is skipped. With `again`, some rows may
    /// exist already, because the result of the previous COMMIT is unknown.
    pub async fn insert(self, entries: &[LogEntry], again: bool) -> Result<(), StoreError> {
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
            Conn::Postgres(conn) => copy(conn, entries, again).await?,
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

/// `COPY` costs half as much as a bulk `INSERT`, but has no conditions: they are queried before.
async fn copy(conn: &mut PgConnection, rows: &[LogEntry], again: bool) -> Result<(), StoreError> {
    let keys: BTreeSet<_> = rows.iter().map(|entry| entry.key).collect();
    let keys: Vec<_> = keys.iter().map(ToString::to_string).collect();
    let living = texts(conn, sqlx::query_scalar(LIVING).bind(keys)).await?;
    let present = if again {
        let present = sqlx::query_scalar(PRESENT)
            .bind(column(rows, |entry| entry.key.to_string()))
            .bind(column(rows, |entry| entry.at.millis()))
            .bind(column(rows, |entry| entry.request_id.clone()));
        texts(conn, present).await?
    } else {
        HashSet::new()
    };
    let mut text = String::new();
    for entry in rows.iter().filter(|entry| !present.contains(&entry.request_id)) {
        let key = entry.key.to_string();
        if living.contains(&key) {
            line(&mut text, entry, &key);
        }
    }
    answered(async {
        let mut copy = conn.copy_in_raw(&COPY).await?;
        copy.send(text.as_bytes()).await?;
        copy.finish().await?;
        Ok(())
    })
    .await
}

async fn texts(
    conn: &mut PgConnection,
    query: QueryScalar<'_, Postgres, String, PgArguments>,
) -> Result<HashSet<String>, StoreError> {
    answered(async { Ok(query.fetch_all(conn).await?.into_iter().collect()) }).await
}

/// A row in the text format of `COPY` (postgresql.org/docs/current/sql-copy.html, "Text Format"), in the order of
/// [`COLUMNS`].
fn line(text: &mut String, entry: &LogEntry, key: &str) {
    let (account, status, at) = (
        entry.account.to_string(),
        entry.status.to_string(),
        entry.at.millis().to_string(),
    );
    let fields = [
        Some(entry.request_id.as_str()),
        Some(&account),
        Some(key),
        Some(&entry.method),
        Some(&entry.route),
        Some(&entry.path),
        Some(&entry.params),
        Some(&status),
        entry.error_code,
        entry.ip_hash.as_deref(),
        Some(&entry.user_agent),
        Some(&at),
    ];
    for (place, field) in fields.into_iter().enumerate() {
        if place > 0 {
            text.push('\t');
        }
        let Some(field) = field else {
            text.push_str("\\N");
            continue;
        };
        for part in field.split_inclusive(['\\', '\t', '\n', '\r']) {
            let plain = part.trim_end_matches(['\\', '\t', '\n', '\r']);
            text.push_str(plain);
            text.push_str(match &part[plain.len()..] {
                "\\" => "\\\\",
                "\t" => "\\t",
                "\n" => "\\n",
                "\r" => "\\r",
                _ => "",
            });
        }
    }
    text.push('\n');
}
