//! Queries of the request log.

use crate::{
    domain::{
        ids::{AccountId, KeyId},
        key::recent_use::RecentUse,
        time::Timestamp,
    },
    server::store::{Conn, StoreError, declare, on},
};

declare! {
    INSERT_GAP = "INSERT INTO request_log_gaps (id, at, dropped) VALUES ($1, $2, $3)";
    /// Grouped key by key, in the order of the index.
    USAGE = "SELECT method, route, status, error_code, COUNT(*) AS requests FROM request_logs
        WHERE key_id IN (SELECT id FROM api_keys WHERE account_id = $1) AND at >= $2
        GROUP BY method, route, status, error_code ORDER BY method, route, status";
    /// Reads the latest `$3` rows of the key: the index has them in this order, so it stops after them.
    RECENT_OF_KEY = "SELECT COUNT(*) AS rows,
            CAST(COALESCE(SUM(CASE WHEN at >= $2 THEN 1 ELSE 0 END), 0) AS BIGINT) AS requests,
            COUNT(DISTINCT CASE WHEN at >= $2 THEN ip_hash END) AS clients
        FROM (SELECT at, ip_hash FROM request_logs WHERE key_id = $1 ORDER BY at DESC LIMIT $3) AS latest";
    /// Whether any key of the account is in its grace period: most accounts have none, and then nothing is counted.
    ANY_IN_GRACE = "SELECT COUNT(*) FROM (SELECT 1 FROM api_keys
        WHERE account_id = $1 AND rotated_at IS NOT NULL
            AND (deleted_at IS NULL AND revoked_at IS NULL
                AND (expires_at IS NULL OR expires_at > $2) AND (grace_ends_at IS NULL OR grace_ends_at > $2))
        LIMIT 1) AS one";
    /// Requests of the keys in their grace period and of their replacements. Each number has a subquery, so that PostgreSQL
    /// looks up the rows of each key: with a join it may read the whole log.
    SINCE_ROTATION = "WITH old AS (
            SELECT id, rotated_at FROM api_keys
            WHERE account_id = $1 AND rotated_at IS NOT NULL
                AND (deleted_at IS NULL AND revoked_at IS NULL
                    AND (expires_at IS NULL OR expires_at > $2) AND (grace_ends_at IS NULL OR grace_ends_at > $2))
        ), counted (id, since) AS (
            SELECT id, rotated_at FROM old
            UNION SELECT new.id, new.created_at FROM old JOIN api_keys new ON new.replaces_id = old.id AND new.deleted_at IS NULL
        )
        SELECT counted.id,
            (SELECT COUNT(*) FROM request_logs l WHERE l.key_id = counted.id AND l.at >= counted.since),
            (SELECT COUNT(DISTINCT l.ip_hash) FROM request_logs l WHERE l.key_id = counted.id AND l.at >= counted.since),
            (SELECT MAX(l.at) FROM request_logs l WHERE l.key_id = counted.id AND l.at >= counted.since)
        FROM counted";
    /// For each day since `$2`, numbered from 0: the requests that the check of the key accepted, and those it refused.
    DAYS = "SELECT (at - $2) / 86400000 AS day,
            CAST(SUM(CASE WHEN error_code LIKE 'BSE1%' THEN 0 ELSE 1 END) AS BIGINT) AS accepted,
            CAST(SUM(CASE WHEN error_code LIKE 'BSE1%' THEN 1 ELSE 0 END) AS BIGINT) AS refused
        FROM request_logs WHERE key_id = $1 AND at >= $2 GROUP BY 1 ORDER BY 1";
    LAST = "SELECT id, method, path, status, error_code, ip_hash, at FROM request_logs WHERE key_id = $1
        ORDER BY at DESC, id DESC LIMIT $2";
    GAPS = "SELECT COUNT(*) FROM (SELECT 1 FROM request_log_gaps WHERE at >= $1 LIMIT 1) AS one";
}

/// Requests of one kind in a period.
#[derive(Debug, sqlx::FromRow)]
pub struct Usage {
    /// HTTP method.
    pub method: String,
    /// Pattern of the route.
    pub route: String,
    /// HTTP status of the responses.
    pub status: i64,
    /// Error code of the refusals.
    pub error_code: Option<String>,
    /// Number of requests.
    pub requests: i64,
}

/// Requests of a key since a given time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Since {
    /// Requests, refused ones too.
    pub requests: u64,
    /// Distinct client addresses, as far as known.
    pub clients: u64,
    /// Time of the last one.
    pub last_at: Option<Timestamp>,
}

/// The requests of a day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, sqlx::FromRow)]
pub struct Day {
    /// Days since the first.
    pub day: i64,
    /// Requests that passed the check of the key.
    pub accepted: i64,
    /// Requests that were refused.
    pub refused: i64,
}

/// A row of the request log, for people.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct LoggedRequest {
    /// Request id.
    pub id: String,
    /// HTTP method.
    pub method: String,
    /// Path.
    pub path: String,
    /// HTTP status of the response.
    pub status: i64,
    /// Error code of a refusal.
    pub error_code: Option<String>,
    /// First 12 hex digits of the HMAC-SHA-256 of the client's address under the pepper.
    pub ip_hash: Option<String>,
    /// Time of the response, in Unix milliseconds.
    pub at: i64,
}

/// The table.
pub struct Logs<'c>(pub(in crate::server::store) Conn<'c>);

impl Logs<'_> {
    /// Inserts a gap: `dropped` rows of about the time `at` are missing.
    pub async fn insert_gap(self, id: &str, at: Timestamp, dropped: u64) -> Result<(), StoreError> {
        let dropped = i64::try_from(dropped).unwrap_or(i64::MAX);
        on!(self.0, c => {
            sqlx::query(INSERT_GAP).bind(id).bind(at.millis()).bind(dropped).execute(c).await?;
        });
        Ok(())
    }

    /// The requests of an account since a given time, counted by kind.
    pub async fn usage(self, account: AccountId, since: Timestamp) -> Result<Vec<Usage>, StoreError> {
        Ok(on!(self.0, c => {
            sqlx::query_as::<_, Usage>(USAGE).bind(account.to_string()).bind(since.millis()).fetch_all(c).await?
        }))
    }

    /// Counts the latest rows of a key, at most `limit`: all of them, and the requests and clients since a given
    /// time.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn recent_of_key(
        self,
        key: KeyId,
        since: Timestamp,
        limit: u64,
    ) -> Result<RecentUse, StoreError> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let (rows, requests, clients): (i64, i64, i64) = on!(self.0, c => {
            sqlx::query_as(RECENT_OF_KEY)
                .bind(key.to_string())
                .bind(since.millis())
                .bind(limit)
                .fetch_one(c)
                .await?
        });
        Ok(RecentUse {
            rows: rows.unsigned_abs(),
            requests: requests.unsigned_abs(),
            clients: clients.unsigned_abs(),
            ..RecentUse::default()
        })
    }

    /// Whether any key of an account is in its grace period at `now`.
    pub async fn any_in_grace(self, account: AccountId, now: Timestamp) -> Result<bool, StoreError> {
        let any: i64 = on!(self.0, c => {
            sqlx::query_scalar(ANY_IN_GRACE).bind(account.to_string()).bind(now.millis()).fetch_one(c).await?
        });
        Ok(any > 0)
    }

    /// Usage since the rotation, of an account's keys that are in their grace period at `now` and of their
    /// replacements.
    pub async fn since_rotation(
        self,
        account: AccountId,
        now: Timestamp,
    ) -> Result<Vec<(KeyId, Since)>, StoreError> {
        let rows: Vec<(String, i64, i64, Option<i64>)> = on!(self.0, c => {
            sqlx::query_as(SINCE_ROTATION).bind(account.to_string()).bind(now.millis()).fetch_all(c).await?
        });
        let rows = rows.into_iter().map(|(id, requests, clients, last_at)| {
            let since = Since {
                requests: requests.unsigned_abs(),
                clients: clients.unsigned_abs(),
                last_at: last_at.map(Timestamp::from_millis),
            };
            let id = id.parse().map_err(|_| StoreError::Unreadable("api_keys.id"))?;
            Ok((id, since))
        });
        rows.collect()
    }

    /// Requests of a key for each day since `start`; days without requests are left out.
    pub async fn days(self, key: KeyId, start: Timestamp) -> Result<Vec<Day>, StoreError> {
        Ok(on!(self.0, c => {
            sqlx::query_as::<_, Day>(DAYS).bind(key.to_string()).bind(start.millis()).fetch_all(c).await?
        }))
    }

    /// The latest requests of a key, newest first.
    pub async fn last(self, key: KeyId, limit: u32) -> Result<Vec<LoggedRequest>, StoreError> {
        Ok(on!(self.0, c => {
            sqlx::query_as::<_, LoggedRequest>(LAST).bind(key.to_string()).bind(i64::from(limit)).fetch_all(c).await?
        }))
    }

    /// Whether there is a gap since a given time, of any account.
    pub async fn has_gaps(self, since: Timestamp) -> Result<bool, StoreError> {
        let gaps: i64 = on!(self.0, c => sqlx::query_scalar(GAPS).bind(since.millis()).fetch_one(c).await?);
        Ok(gaps > 0)
    }
}
