//! The list of an account's keys: searched, filtered, and read page by page.

use super::{Row, columns};
use crate::{
    domain::{ids::AccountId, key::Key, page::Cursor, time::Timestamp},
    server::store::{Conn, StoreError, declare, engine::search, on},
};

// `$2` is the pattern of the search, or NULL; `$3` is 'live', 'ended' or NULL; `$4` is the time; `$5` and `$6` are the cursor.
declare! {
    OLDER = concat!("SELECT ", columns!(), "
        FROM api_keys WHERE account_id = $1 AND deleted_at IS NULL
            AND (CAST($2 AS TEXT) IS NULL OR name_key LIKE $2 ESCAPE '\\' OR LOWER(prefix) LIKE $2 ESCAPE '\\')
            AND (CAST($3 AS TEXT) IS NULL OR ($3 = 'live') =
                (deleted_at IS NULL AND revoked_at IS NULL
                    AND (expires_at IS NULL OR expires_at > $4) AND (grace_ends_at IS NULL OR grace_ends_at > $4)))
            AND (created_at, id) < ($5, $6)
        ORDER BY created_at DESC, id DESC LIMIT $7");
    NEWER = concat!("SELECT ", columns!(), "
        FROM api_keys WHERE account_id = $1 AND deleted_at IS NULL
            AND (CAST($2 AS TEXT) IS NULL OR name_key LIKE $2 ESCAPE '\\' OR LOWER(prefix) LIKE $2 ESCAPE '\\')
            AND (CAST($3 AS TEXT) IS NULL OR ($3 = 'live') =
                (deleted_at IS NULL AND revoked_at IS NULL
                    AND (expires_at IS NULL OR expires_at > $4) AND (grace_ends_at IS NULL OR grace_ends_at > $4)))
            AND (created_at, id) > ($5, $6)
        ORDER BY created_at, id LIMIT $7");
    COUNT_NEWER = "SELECT COUNT(*)
        FROM api_keys WHERE account_id = $1 AND deleted_at IS NULL
            AND (CAST($2 AS TEXT) IS NULL OR name_key LIKE $2 ESCAPE '\\' OR LOWER(prefix) LIKE $2 ESCAPE '\\')
            AND (CAST($3 AS TEXT) IS NULL OR ($3 = 'live') =
                (deleted_at IS NULL AND revoked_at IS NULL
                    AND (expires_at IS NULL OR expires_at > $4) AND (grace_ends_at IS NULL OR grace_ends_at > $4)))
            AND (created_at, id) > ($5, $6)";
    COUNTS = "SELECT COUNT(*), CAST(COALESCE(SUM(CASE WHEN
            (deleted_at IS NULL AND revoked_at IS NULL
                AND (expires_at IS NULL OR expires_at > $3) AND (grace_ends_at IS NULL OR grace_ends_at > $3))
            THEN 1 ELSE 0 END), 0) AS BIGINT)
        FROM api_keys WHERE account_id = $1 AND deleted_at IS NULL
            AND (CAST($2 AS TEXT) IS NULL OR name_key LIKE $2 ESCAPE '\\' OR LOWER(prefix) LIKE $2 ESCAPE '\\')";
}

/// Filter of an account's keys.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyFilter {
    /// Text to find in the name or the prefix, in any case; empty for all.
    pub search: String,
    /// Only live keys, only ended ones, or all.
    pub live: Option<bool>,
}

impl KeyFilter {
    const fn live(&self) -> Option<&'static str> {
        match self.live {
            None => None,
            Some(true) => Some("live"),
            Some(false) => Some("ended"),
        }
    }
}

/// Number of keys that match a search.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KeyCounts {
    /// All keys.
    pub all: u64,
    /// Live keys.
    pub live: u64,
}

/// The list.
pub struct KeyList<'c>(pub(in crate::server::store) Conn<'c>);

impl KeyList<'_> {
    /// Keys older than `cursor`, newest first; without a cursor, the newest ones.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn older(
        self,
        account: AccountId,
        filter: &KeyFilter,
        now: Timestamp,
        cursor: Option<Cursor>,
        limit: u32,
    ) -> Result<Vec<Key>, StoreError> {
        self.page(OLDER, account, filter, now, Cursor::older_than(cursor), limit)
            .await
    }

    /// Keys newer than `cursor`, oldest first; without a cursor, the oldest ones.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn newer(
        self,
        account: AccountId,
        filter: &KeyFilter,
        now: Timestamp,
        cursor: Option<Cursor>,
        limit: u32,
    ) -> Result<Vec<Key>, StoreError> {
        self.page(NEWER, account, filter, now, Cursor::newer_than(cursor), limit)
            .await
    }

    async fn page(
        self,
        statement: &'static str,
        account: AccountId,
        filter: &KeyFilter,
        now: Timestamp,
        (at, id): (i64, String),
        limit: u32,
    ) -> Result<Vec<Key>, StoreError> {
        let rows = on!(self.0, c => {
            sqlx::query_as::<_, Row>(statement)
                .bind(account.to_string())
                .bind(search::pattern(&filter.search))
                .bind(filter.live())
                .bind(now.millis())
                .bind(at)
                .bind(id)
                .bind(i64::from(limit))
                .fetch_all(c)
                .await?
        });
        rows.into_iter().map(TryInto::try_into).collect()
    }

    /// Number of keys newer than `cursor`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn count_newer(
        self,
        account: AccountId,
        filter: &KeyFilter,
        now: Timestamp,
        cursor: Cursor,
    ) -> Result<u64, StoreError> {
        let (at, id) = cursor.columns();
        let count: i64 = on!(self.0, c => {
            sqlx::query_scalar(COUNT_NEWER)
                .bind(account.to_string())
                .bind(search::pattern(&filter.search))
                .bind(filter.live())
                .bind(now.millis())
                .bind(at)
                .bind(id)
                .fetch_one(c)
                .await?
        });
        Ok(count.unsigned_abs())
    }

    /// Number of keys of an account that match the search: all, and those live at `now`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn counts(
        self,
        account: AccountId,
        filter: &KeyFilter,
        now: Timestamp,
    ) -> Result<KeyCounts, StoreError> {
        let (all, live): (i64, i64) = on!(self.0, c => {
            sqlx::query_as(COUNTS)
                .bind(account.to_string())
                .bind(search::pattern(&filter.search))
                .bind(now.millis())
                .fetch_one(c)
                .await?
        });
        Ok(KeyCounts {
            all: all.unsigned_abs(),
            live: live.unsigned_abs(),
        })
    }
}
