//! The request log: a row for each request made with a key.

use super::{Conn, StoreError, declare, on};
use crate::domain::{
    ids::{AccountId, KeyId},
    log::LogEntry,
    time::Timestamp,
};

declare! {
    /// The row of a key that was deleted meanwhile is not written.
    INSERT = "INSERT INTO request_logs
            (id, account_id, key_id, method, route, path, params, status, error_code, ip_hash, user_agent, at)
        SELECT $1, account_id, id, $3, $4, $5, $6, CAST($7 AS BIGINT), $8, $9, $10, CAST($11 AS BIGINT)
        FROM api_keys WHERE id = $2
        ON CONFLICT (id) DO NOTHING";
    INSERT_GAP = "INSERT INTO request_log_gaps (id, at, dropped) VALUES ($1, $2, $3)";
    USAGE = "SELECT method, route, status, error_code, COUNT(*) AS requests FROM request_logs
        WHERE account_id = $1 AND at >= $2 GROUP BY method, route, status, error_code ORDER BY method, route, status";
    COUNT_OF_KEY = "SELECT COUNT(*) FROM request_logs WHERE key_id = $1";
    PURGE = "DELETE FROM request_logs WHERE at < $1";
    PURGE_GAPS = "DELETE FROM request_log_gaps WHERE at < $1";
}

/// Requests of one kind in a span of time.
#[derive(Debug, sqlx::FromRow)]
pub struct Usage {
    /// HTTP method.
    pub method: String,
    /// Pattern of the route.
    pub route: String,
    /// HTTP status of the answers.
    pub status: i64,
    /// Code of the refusals.
    pub error_code: Option<String>,
    /// How many there were.
    pub requests: i64,
}

/// The table.
pub struct Logs<'c>(pub(super) Conn<'c>);

impl Logs<'_> {
    /// Adds a row, once.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn insert(self, entry: &LogEntry) -> Result<(), StoreError> {
        on!(self.0, c => {
            sqlx::query(INSERT)
                .bind(&entry.request_id)
                .bind(entry.key.to_string())
                .bind(&entry.method)
                .bind(entry.route)
                .bind(&entry.path)
                .bind(&entry.params)
                .bind(i64::from(entry.status))
                .bind(entry.error_code)
                .bind(entry.ip_hash.as_deref())
                .bind(&entry.user_agent)
                .bind(entry.at.millis())
                .execute(c)
                .await?;
        });
        Ok(())
    }

    /// Marks that `dropped` rows of about `at` are missing.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn insert_gap(self, id: &str, at: Timestamp, dropped: u64) -> Result<(), StoreError> {
        let dropped = i64::try_from(dropped).unwrap_or(i64::MAX);
        on!(self.0, c => {
            sqlx::query(INSERT_GAP).bind(id).bind(at.millis()).bind(dropped).execute(c).await?;
        });
        Ok(())
    }

    /// The requests of an account since a moment, counted by kind.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn usage(self, account: AccountId, since: Timestamp) -> Result<Vec<Usage>, StoreError> {
        Ok(on!(self.0, c => {
            sqlx::query_as::<_, Usage>(USAGE).bind(account.to_string()).bind(since.millis()).fetch_all(c).await?
        }))
    }

    /// How many rows a key has.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn count_of_key(self, key: KeyId) -> Result<u64, StoreError> {
        let count: i64 =
            on!(self.0, c => sqlx::query_scalar(COUNT_OF_KEY).bind(key.to_string()).fetch_one(c).await?);
        Ok(count.unsigned_abs())
    }

    /// Deletes the rows from before a moment; returns how many.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn purge(self, before: Timestamp) -> Result<u64, StoreError> {
        Ok(on!(self.0, c => sqlx::query(PURGE).bind(before.millis()).execute(c).await?.rows_affected()))
    }

    /// Deletes the marks of missing rows from before a moment.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn purge_gaps(self, before: Timestamp) -> Result<(), StoreError> {
        on!(self.0, c => {
            sqlx::query(PURGE_GAPS).bind(before.millis()).execute(c).await?;
        });
        Ok(())
    }
}
