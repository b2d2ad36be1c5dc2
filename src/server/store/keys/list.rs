//! The list of an account's keys: searched, filtered, and read page by page.

use super::{Row, columns};
use crate::{
    domain::{
        ids::AccountId,
        key::{Key, KeyStatus},
        page::Cursor,
        search::shown_before,
        time::Timestamp,
    },
    server::store::{Conn, StoreError, declare, engine::search, on},
};

/// Status of a key at the time in the parameter: `domain::key::Key::status` in SQL.
macro_rules! status {
    ($now:literal) => {
        concat!(
            "CASE WHEN (deleted_at IS NULL AND revoked_at IS NULL
                AND (expires_at IS NULL OR expires_at > ",
            $now,
            ") AND (grace_ends_at IS NULL OR grace_ends_at > ",
            $now,
            "))
            THEN CASE WHEN grace_ends_at IS NULL THEN 'active' ELSE 'rotated' END
            ELSE CASE WHEN revoked_at IS NULL THEN 'expired' ELSE 'revoked' END END"
        )
    };
}

/// Whether a key's name or prefix matches the search. The prefix is ASCII; `I` is replaced first, because its lower case
/// is another letter in a PostgreSQL database with a Turkish locale. The parameter is what is stored of the key that is
/// searched, if it was made when nine characters were shown of each key; else NULL.
macro_rules! found {
    ($stored:literal) => {
        concat!(
            "(CAST($2 AS TEXT) IS NULL OR name_key LIKE CAST($2 AS TEXT) ESCAPE '\\'
                OR LOWER(REPLACE(prefix, 'I', 'i')) LIKE CAST($2 AS TEXT) ESCAPE '\\'
                OR LOWER(REPLACE(prefix, 'I', 'i')) = CAST(",
            $stored,
            " AS TEXT))"
        )
    };
}

// `$2` is the pattern of the search, or NULL; `$3` is a status or NULL; `$4` is the time; `$5` and `$6` are the cursor.
declare! {
    OLDER = concat!("SELECT ", columns!(), "
        FROM api_keys WHERE account_id = $1 AND deleted_at IS NULL
            AND ", found!("$8"), "
            AND (CAST($3 AS TEXT) IS NULL OR $3 = ", status!("$4"), ")
            AND (created_at, id) < ($5, $6)
        ORDER BY created_at DESC, id DESC LIMIT $7");
    NEWER = concat!("SELECT ", columns!(), "
        FROM api_keys WHERE account_id = $1 AND deleted_at IS NULL
            AND ", found!("$8"), "
            AND (CAST($3 AS TEXT) IS NULL OR $3 = ", status!("$4"), ")
            AND (created_at, id) > ($5, $6)
        ORDER BY created_at, id LIMIT $7");
    COUNT_NEWER = concat!("SELECT COUNT(*)
        FROM api_keys WHERE account_id = $1 AND deleted_at IS NULL
            AND ", found!("$7"), "
            AND (CAST($3 AS TEXT) IS NULL OR $3 = ", status!("$4"), ")
            AND (created_at, id) > ($5, $6)");
    COUNTS = concat!("SELECT status, COUNT(*) FROM (SELECT ", status!("$3"), " AS status
        FROM api_keys WHERE account_id = $1 AND deleted_at IS NULL
            AND ", found!("$4"), ") AS listed
        GROUP BY status");
    CREATORS = "SELECT id, name FROM users
        WHERE id IN (SELECT creator_id FROM api_keys WHERE account_id = $1 AND deleted_at IS NULL)
        ORDER BY id LIMIT $2";
}

/// Filter of an account's keys.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyFilter {
    /// Text to find in the name or the prefix, in any case; empty for all.
    pub search: String,
    /// Only keys with this status.
    pub status: Option<KeyStatus>,
}

impl KeyFilter {
    fn status(&self) -> Option<&'static str> {
        self.status.map(KeyStatus::id)
    }
}

/// Number of keys that match a search.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KeyCounts([u64; KeyStatus::ALL.len()]);

impl KeyCounts {
    /// Number of keys with a status, or of all keys.
    #[must_use]
    pub fn of(&self, status: Option<KeyStatus>) -> u64 {
        let counted = KeyStatus::ALL.into_iter().zip(self.0);
        counted
            .filter(|(counted, _)| status.is_none_or(|status| status == *counted))
            .map(|(_, count)| count)
            .sum()
    }
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
                .bind(filter.status())
                .bind(now.millis())
                .bind(at)
                .bind(id)
                .bind(i64::from(limit))
                .bind(shown_before(&filter.search))
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
                .bind(filter.status())
                .bind(now.millis())
                .bind(at)
                .bind(id)
                .bind(shown_before(&filter.search))
                .fetch_one(c)
                .await?
        });
        Ok(count.unsigned_abs())
    }

    /// Number of keys of an account that match the search, by their status at `now`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn counts(
        self,
        account: AccountId,
        filter: &KeyFilter,
        now: Timestamp,
    ) -> Result<KeyCounts, StoreError> {
        let rows: Vec<(String, i64)> = on!(self.0, c => {
            sqlx::query_as(COUNTS)
                .bind(account.to_string())
                .bind(search::pattern(&filter.search))
                .bind(now.millis())
                .bind(shown_before(&filter.search))
                .fetch_all(c)
                .await?
        });
        let count = |status: KeyStatus| {
            let row = rows.iter().find(|(id, _)| id == status.id());
            row.map_or(0, |(_, count)| count.unsigned_abs())
        };
        Ok(KeyCounts(KeyStatus::ALL.map(count)))
    }

    /// Ids and names of the people who created keys of the account, at most `limit`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn creators(self, account: AccountId, limit: u32) -> Result<Vec<(String, String)>, StoreError> {
        Ok(on!(self.0, c => {
            sqlx::query_as(CREATORS)
                .bind(account.to_string())
                .bind(i64::from(limit))
                .fetch_all(c)
                .await?
        }))
    }
}
