//! The activity. Rows are inserted and read; the database refuses updates and deletes (docs/security.md,
//! S67).

pub mod refusals;

use super::{Conn, StoreError, declare, engine::search, on};
use crate::domain::{
    activity::{Entry, Event},
    ids::{AccountId, UserId},
    page::Cursor,
    time::Timestamp,
};
use uuid::Uuid;

// `$2` is the pattern of the search, or NULL; `$3` is an event, or NULL; `$4` is the pattern for rows of earlier versions,
// or NULL; `$5` and `$6` are the cursor. The statements `EVENTS_...`
// leave out refused sign-ins: their condition has to be spelled like that of its partial index.
declare! {
    INSERT = "INSERT INTO activity (id, account_id, at, actor_id, actor_name, action, target_id, target_name, detail,
            search_key, request_id, ip_hash)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";
    OLDER = r"SELECT id, account_id, at, actor_id, actor_name, action, target_id, target_name, detail, request_id, ip_hash
        FROM activity WHERE account_id = $1
            AND (CAST($2 AS TEXT) IS NULL OR search_key LIKE CAST($2 AS TEXT) ESCAPE '\' OR search_key LIKE CAST($4 AS TEXT) ESCAPE '\')
            AND (CAST($3 AS TEXT) IS NULL OR action = $3)
            AND (at, id) < ($5, $6)
        ORDER BY at DESC, id DESC LIMIT $7";
    NEWER = r"SELECT id, account_id, at, actor_id, actor_name, action, target_id, target_name, detail, request_id, ip_hash
        FROM activity WHERE account_id = $1
            AND (CAST($2 AS TEXT) IS NULL OR search_key LIKE CAST($2 AS TEXT) ESCAPE '\' OR search_key LIKE CAST($4 AS TEXT) ESCAPE '\')
            AND (CAST($3 AS TEXT) IS NULL OR action = $3)
            AND (at, id) > ($5, $6)
        ORDER BY at, id LIMIT $7";
    COUNT = r"SELECT COUNT(*)
        FROM activity WHERE account_id = $1
            AND (CAST($2 AS TEXT) IS NULL OR search_key LIKE CAST($2 AS TEXT) ESCAPE '\' OR search_key LIKE CAST($4 AS TEXT) ESCAPE '\')
            AND (CAST($3 AS TEXT) IS NULL OR action = $3)";
    COUNT_NEWER = r"SELECT COUNT(*)
        FROM activity WHERE account_id = $1
            AND (CAST($2 AS TEXT) IS NULL OR search_key LIKE CAST($2 AS TEXT) ESCAPE '\' OR search_key LIKE CAST($4 AS TEXT) ESCAPE '\')
            AND (CAST($3 AS TEXT) IS NULL OR action = $3)
            AND (at, id) > ($5, $6)";
    EVENTS_OLDER = r"SELECT id, account_id, at, actor_id, actor_name, action, target_id, target_name, detail, request_id, ip_hash
        FROM activity WHERE account_id = $1 AND action <> 'auth.refused'
            AND (CAST($2 AS TEXT) IS NULL OR search_key LIKE CAST($2 AS TEXT) ESCAPE '\' OR search_key LIKE CAST($4 AS TEXT) ESCAPE '\')
            AND (CAST($3 AS TEXT) IS NULL OR action = $3)
            AND (at, id) < ($5, $6)
        ORDER BY at DESC, id DESC LIMIT $7";
    EVENTS_NEWER = r"SELECT id, account_id, at, actor_id, actor_name, action, target_id, target_name, detail, request_id, ip_hash
        FROM activity WHERE account_id = $1 AND action <> 'auth.refused'
            AND (CAST($2 AS TEXT) IS NULL OR search_key LIKE CAST($2 AS TEXT) ESCAPE '\' OR search_key LIKE CAST($4 AS TEXT) ESCAPE '\')
            AND (CAST($3 AS TEXT) IS NULL OR action = $3)
            AND (at, id) > ($5, $6)
        ORDER BY at, id LIMIT $7";
    EVENTS_COUNT = r"SELECT COUNT(*)
        FROM activity WHERE account_id = $1 AND action <> 'auth.refused'
            AND (CAST($2 AS TEXT) IS NULL OR search_key LIKE CAST($2 AS TEXT) ESCAPE '\' OR search_key LIKE CAST($4 AS TEXT) ESCAPE '\')
            AND (CAST($3 AS TEXT) IS NULL OR action = $3)";
    EVENTS_COUNT_NEWER = r"SELECT COUNT(*)
        FROM activity WHERE account_id = $1 AND action <> 'auth.refused'
            AND (CAST($2 AS TEXT) IS NULL OR search_key LIKE CAST($2 AS TEXT) ESCAPE '\' OR search_key LIKE CAST($4 AS TEXT) ESCAPE '\')
            AND (CAST($3 AS TEXT) IS NULL OR action = $3)
            AND (at, id) > ($5, $6)";
    OF_TARGET = "SELECT id, account_id, at, actor_id, actor_name, action, target_id, target_name, detail, request_id, ip_hash
        FROM activity WHERE account_id = $1 AND target_id = $2 ORDER BY at DESC, id DESC LIMIT $3";
}

/// Filter of an account's activity.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ActivityFilter {
    /// Text to find in names, details, request ids or address hashes, in any case; empty for all.
    pub search: String,
    /// Event types.
    pub events: Events,
}

/// Filter by event type.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Events {
    /// All but refused sign-ins, which any client can cause.
    #[default]
    ButRefusals,
    /// All.
    All,
    /// One.
    One(Event),
}

impl ActivityFilter {
    /// Whether the query may have to read all entries of the account.
    #[must_use]
    pub fn reads_everything(&self) -> bool {
        !self.search.is_empty() || matches!(self.events, Events::One(_))
    }

    const fn event(&self) -> Option<Event> {
        match self.events {
            Events::One(event) => Some(event),
            Events::ButRefusals | Events::All => None,
        }
    }

    /// Selects the statement without refused sign-ins, or the general one.
    fn choose(&self, events: &'static str, all: &'static str) -> &'static str {
        if self.events == Events::ButRefusals {
            events
        } else {
            all
        }
    }
}

#[derive(sqlx::FromRow)]
struct Row {
    id: String,
    account_id: Option<String>,
    at: i64,
    actor_id: Option<String>,
    actor_name: String,
    action: String,
    target_id: String,
    target_name: String,
    detail: String,
    request_id: String,
    ip_hash: Option<String>,
}

impl TryFrom<Row> for Entry {
    type Error = StoreError;
    fn try_from(row: Row) -> Result<Self, StoreError> {
        let account = row.account_id.map(|id| id.parse::<AccountId>()).transpose();
        let actor = row.actor_id.map(|id| id.parse::<UserId>()).transpose();
        Ok(Self {
            id: Uuid::try_parse(&row.id).map_err(|_| StoreError::Unreadable("activity.id"))?,
            account: account.map_err(|_| StoreError::Unreadable("activity.account_id"))?,
            at: Timestamp::from_millis(row.at),
            actor: actor.map_err(|_| StoreError::Unreadable("activity.actor_id"))?,
            actor_name: row.actor_name,
            event: Event::from_id(&row.action).ok_or(StoreError::Unreadable("activity.action"))?,
            target: row.target_id,
            target_name: row.target_name,
            detail: row.detail,
            request_id: row.request_id,
            ip_hash: row.ip_hash,
        })
    }
}

/// The table.
pub struct Activity<'c>(pub(super) Conn<'c>);

impl Activity<'_> {
    /// Adds an entry, in the transaction of the change.
    pub async fn insert(self, entry: &Entry) -> Result<(), StoreError> {
        on!(self.0, c => {
            sqlx::query(INSERT)
                .bind(entry.id.to_string())
                .bind(entry.account.map(|id| id.to_string()))
                .bind(entry.at.millis())
                .bind(entry.actor.map(|id| id.to_string()))
                .bind(&entry.actor_name)
                .bind(entry.event.id())
                .bind(&entry.target)
                .bind(&entry.target_name)
                .bind(&entry.detail)
                .bind(entry.search_key())
                .bind(&entry.request_id)
                .bind(&entry.ip_hash)
                .execute(c)
                .await?;
        });
        Ok(())
    }

    /// Entries older than `cursor`, newest first; without a cursor, the newest ones.
    pub async fn older(
        self,
        account: AccountId,
        filter: &ActivityFilter,
        cursor: Option<Cursor>,
        limit: u32,
    ) -> Result<Vec<Entry>, StoreError> {
        let statement = filter.choose(EVENTS_OLDER, OLDER);
        self.page(statement, account, filter, Cursor::older_than(cursor), limit)
            .await
    }

    /// Entries newer than `cursor`, oldest first; without a cursor, the oldest ones.
    pub async fn newer(
        self,
        account: AccountId,
        filter: &ActivityFilter,
        cursor: Option<Cursor>,
        limit: u32,
    ) -> Result<Vec<Entry>, StoreError> {
        let statement = filter.choose(EVENTS_NEWER, NEWER);
        self.page(statement, account, filter, Cursor::newer_than(cursor), limit)
            .await
    }

    async fn page(
        self,
        statement: &'static str,
        account: AccountId,
        filter: &ActivityFilter,
        (at, id): (i64, String),
        limit: u32,
    ) -> Result<Vec<Entry>, StoreError> {
        let rows = on!(self.0, c => {
            sqlx::query_as::<_, Row>(statement)
                .bind(account.to_string())
                .bind(search::pattern(&filter.search))
                .bind(filter.event().map(Event::id))
                .bind(search::earlier_pattern(&filter.search))
                .bind(at)
                .bind(id)
                .bind(i64::from(limit))
                .fetch_all(c)
                .await?
        });
        rows.into_iter().map(TryInto::try_into).collect()
    }

    /// Number of entries that match the filter; with a cursor, only the newer ones.
    pub async fn count(
        self,
        account: AccountId,
        filter: &ActivityFilter,
        cursor: Option<Cursor>,
    ) -> Result<u64, StoreError> {
        let statement = if cursor.is_some() {
            filter.choose(EVENTS_COUNT_NEWER, COUNT_NEWER)
        } else {
            filter.choose(EVENTS_COUNT, COUNT)
        };
        let count: i64 = on!(self.0, c => {
            let mut query = sqlx::query_scalar(statement)
                .bind(account.to_string())
                .bind(search::pattern(&filter.search))
                .bind(filter.event().map(Event::id))
                .bind(search::earlier_pattern(&filter.search));
            if let Some((at, id)) = cursor.map(Cursor::columns) {
                query = query.bind(at).bind(id);
            }
            query.fetch_one(c).await?
        });
        Ok(count.unsigned_abs())
    }

    /// The newest entries about one object.
    pub async fn of_target(
        self,
        account: AccountId,
        target: &str,
        limit: u32,
    ) -> Result<Vec<Entry>, StoreError> {
        let rows = on!(self.0, c => {
            sqlx::query_as::<_, Row>(OF_TARGET)
                .bind(account.to_string())
                .bind(target)
                .bind(i64::from(limit))
                .fetch_all(c)
                .await?
        });
        rows.into_iter().map(TryInto::try_into).collect()
    }
}
