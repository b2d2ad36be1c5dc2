//! Deletes expired rows in steps, each a short transaction, so that other writes do not wait for long
//! (docs/security.md, S85). `crate::server::jobs` runs the steps.

use super::{Conn, StoreError, declare, on};
use crate::domain::{ids::KeyId, time::Timestamp};

declare! {
    DELETED_KEYS = "SELECT id FROM api_keys WHERE deleted_at IS NOT NULL ORDER BY id LIMIT $1";
    /// Only once its log is removed: SQLite would delete remaining rows together with the key, all at once.
    REMOVE_KEY = "DELETE FROM api_keys WHERE id = $1 AND deleted_at IS NOT NULL
        AND NOT EXISTS (SELECT 1 FROM request_logs WHERE key_id = $1)";
    /// Keys ordered by id, each with the time of its oldest log row before `$2`. ORDER BY makes PostgreSQL
    /// use the index: with EXISTS it may read a long log from its beginning for each key.
    KEYS = "SELECT id, (SELECT at FROM request_logs WHERE key_id = api_keys.id AND at < $2 ORDER BY at LIMIT 1)
        FROM api_keys WHERE id > $1 ORDER BY id LIMIT $3";
    IDLE_SESSIONS = "DELETE FROM sessions WHERE id_hash IN
        (SELECT id_hash FROM sessions WHERE last_seen_at <= $1 LIMIT $2)";
    ENDED_SESSIONS = "DELETE FROM sessions WHERE id_hash IN (SELECT id_hash FROM sessions WHERE ends_at <= $1 LIMIT $2)";
    /// Rows from before this column existed have 0 and stay, because their age is unknown. No more are added.
    SENT_FORMS = "DELETE FROM sent_forms WHERE (account_id, form_token) IN
        (SELECT account_id, form_token FROM sent_forms WHERE sent_at > 0 AND sent_at < $1 LIMIT $2)";
    LOG_GAPS = "DELETE FROM request_log_gaps WHERE id IN (SELECT id FROM request_log_gaps WHERE at < $1 LIMIT $2)";
    UNOWNED_REFUSALS = "DELETE FROM unowned_refusals WHERE id IN
        (SELECT id FROM unowned_refusals WHERE at < $1 LIMIT $2)";
    /// Entries without an account, which earlier versions wrote.
    UNOWNED_ACTIVITY = "DELETE FROM activity WHERE id IN
        (SELECT id FROM activity WHERE account_id IS NULL AND at < $1 LIMIT $2)";
}

/// A step through the log of a key, oldest rows first. It starts at a time, so that it does not read entries
/// that earlier steps have deleted.
const SQLITE_LOG: &str = "DELETE FROM request_logs WHERE rowid IN
    (SELECT rowid FROM request_logs WHERE key_id = $1 AND at >= $2 AND at < $3 ORDER BY at LIMIT $4) RETURNING at";
/// Skips rows that another server is deleting.
const POSTGRES_LOG: &str = "DELETE FROM request_logs WHERE ctid = ANY (ARRAY
    (SELECT ctid FROM request_logs WHERE key_id = $1 AND at >= $2 AND at < $3 ORDER BY at LIMIT $4
        FOR UPDATE SKIP LOCKED)) RETURNING at";

/// Kinds of rows that expire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Sessions last used at or before the given time.
    IdleSessions,
    /// Sessions whose absolute end is at or before the given time.
    EndedSessions,
    /// Used form tokens.
    SentForms,
    /// Gaps of the request log.
    LogGaps,
    /// Refusals without an account.
    UnownedRefusals,
    /// Activity entries without an account.
    UnownedActivity,
}

impl Kind {
    /// Name for the log.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::IdleSessions => "idle sessions",
            Self::EndedSessions => "ended sessions",
            Self::SentForms => "tokens of sent forms",
            Self::LogGaps => "marks of gaps in the request log",
            Self::UnownedRefusals => "refusals of no account",
            Self::UnownedActivity => "activity of no account",
        }
    }

    const fn statement(self) -> &'static str {
        match self {
            Self::IdleSessions => IDLE_SESSIONS,
            Self::EndedSessions => ENDED_SESSIONS,
            Self::SentForms => SENT_FORMS,
            Self::LogGaps => LOG_GAPS,
            Self::UnownedRefusals => UNOWNED_REFUSALS,
            Self::UnownedActivity => UNOWNED_ACTIVITY,
        }
    }
}

/// Result of a step through the log of a key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LogStep {
    /// Number of deleted rows.
    pub rows: u64,
    /// Time of the last deleted row, where the next step starts.
    pub last_at: Option<Timestamp>,
}

/// Deletes of expired rows.
pub struct Retention<'c>(pub(super) Conn<'c>);

impl Retention<'_> {
    /// Deletes up to `limit` rows of a kind that are older than `before`; returns how many.
    pub async fn step(self, kind: Kind, before: Timestamp, limit: u32) -> Result<u64, StoreError> {
        Ok(on!(self.0, c => {
            sqlx::query(kind.statement())
                .bind(before.millis())
                .bind(i64::from(limit))
                .execute(c)
                .await?
                .rows_affected()
        }))
    }

    /// Deletes up to `limit` rows of a key's log from `from` on and before `before`, oldest first.
    pub async fn log_step(
        self,
        key: KeyId,
        from: Timestamp,
        before: Timestamp,
        limit: u32,
    ) -> Result<LogStep, StoreError> {
        let statement = match self.0 {
            Conn::Sqlite(_) => SQLITE_LOG,
            Conn::Postgres(_) => POSTGRES_LOG,
        };
        let times: Vec<i64> = on!(self.0, c => {
            sqlx::query_scalar(statement)
                .bind(key.to_string())
                .bind(from.millis())
                .bind(before.millis())
                .bind(i64::from(limit))
                .fetch_all(c)
                .await?
        });
        Ok(LogStep {
            rows: times.len() as u64,
            last_at: times.into_iter().max().map(Timestamp::from_millis),
        })
    }

    /// Deleted keys whose row still exists, at most `limit`.
    pub async fn deleted_keys(self, limit: u32) -> Result<Vec<KeyId>, StoreError> {
        let ids: Vec<String> = on!(self.0, c => {
            sqlx::query_scalar(DELETED_KEYS).bind(i64::from(limit)).fetch_all(c).await?
        });
        ids.iter().map(|id| read_id(id)).collect()
    }

    /// Removes the row of a deleted key if its log is removed; returns whether it did.
    pub async fn remove_key(self, key: KeyId) -> Result<bool, StoreError> {
        let removed = on!(self.0, c => {
            sqlx::query(REMOVE_KEY).bind(key.to_string()).execute(c).await?.rows_affected()
        });
        Ok(removed == 1)
    }

    /// The next `limit` keys after a given one, ordered by id, each with whether its log has rows before a
    /// given time.
    pub async fn keys(
        self,
        after: Option<KeyId>,
        before: Timestamp,
        limit: u32,
    ) -> Result<Vec<(KeyId, bool)>, StoreError> {
        let rows: Vec<(String, Option<i64>)> = on!(self.0, c => {
            sqlx::query_as(KEYS)
                .bind(after.map_or_else(String::new, |id| id.to_string()))
                .bind(before.millis())
                .bind(i64::from(limit))
                .fetch_all(c)
                .await?
        });
        rows.iter()
            .map(|(id, oldest)| Ok((read_id(id)?, oldest.is_some())))
            .collect()
    }
}

fn read_id(id: &str) -> Result<KeyId, StoreError> {
    id.parse().map_err(|_| StoreError::Unreadable("api_keys.id"))
}
