//! API keys. Every query on behalf of a person has the account in its condition, beside the key
//! (docs/security.md, S19).

pub mod changes;
pub mod leaks;
pub mod list;
pub mod names;
pub mod uses;

use super::{Conn, StoreError, answered, declare, on};
use crate::{
    domain::{
        ids::{AccountId, KeyId, UserId},
        key::{Key, Rotation},
        name::KeyName,
        network::Allowlist,
        scope::Scopes,
        search,
        time::Timestamp,
    },
    server::secret::key_hash::KeyHash,
};
use std::collections::BTreeSet;

/// The columns that a [`Row`] reads, and [`Keys::insert`] writes in this order: the one place that lists them.
macro_rules! columns {
    () => {
        "id, account_id, name, prefix, preset, scopes, allowlist, creator_id, created_at, last_used_at, expires_at,
            revoked_at, replaces_id, rotated_at, grace_ends_at, leak_reported_at, rate_limit"
    };
}
pub(super) use columns;

declare! {
    INSERT = concat!("INSERT INTO api_keys (", columns!(), ",
            name_key, hash, pepper_version, form_token)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11,
            $12, $13, $14, $15, $16, $17,
            $18, $19, $20, $21)");
    BY_HASH = concat!("SELECT ", columns!(), "
        FROM api_keys WHERE hash = $1 AND deleted_at IS NULL");
    BY_ID = concat!("SELECT ", columns!(), "
        FROM api_keys WHERE account_id = $1 AND id = $2 AND deleted_at IS NULL");
    BY_FORM = concat!("SELECT ", columns!(), "
        FROM api_keys WHERE account_id = $1 AND form_token = $2 AND deleted_at IS NULL");
    /// Every statement uses this condition for live keys (tests/store/retention.rs compares them). The time is a parameter,
    /// because tests set the clock of the server and not that of the database.
    COUNT_LIVE = "SELECT COUNT(*) FROM api_keys
        WHERE account_id = $1
            AND (deleted_at IS NULL AND revoked_at IS NULL
                AND (expires_at IS NULL OR expires_at > $2) AND (grace_ends_at IS NULL OR grace_ends_at > $2))";
    /// A key in its grace period and its live replacement count as one, so that a rotation adds none.
    COUNT_FOR_CAP = "SELECT COUNT(*) FROM api_keys
        WHERE account_id = $1
            AND (deleted_at IS NULL AND revoked_at IS NULL
                AND (expires_at IS NULL OR expires_at > $2) AND (grace_ends_at IS NULL OR grace_ends_at > $2))
            AND NOT EXISTS (SELECT 1 FROM api_keys AS replacement WHERE replacement.replaces_id = api_keys.id
                AND (deleted_at IS NULL AND revoked_at IS NULL
                AND (expires_at IS NULL OR expires_at > $2) AND (grace_ends_at IS NULL OR grace_ends_at > $2)))";
    SCOPES_IN_USE = "SELECT scopes, COUNT(*) FROM api_keys
        WHERE (deleted_at IS NULL AND revoked_at IS NULL
            AND (expires_at IS NULL OR expires_at > $1) AND (grace_ends_at IS NULL OR grace_ends_at > $1))
        GROUP BY scopes ORDER BY scopes";
    /// The chain of rotations that `$2` is part of, newest key first.
    CHAIN = concat!("WITH RECURSIVE older (id, replaces_id) AS (
            SELECT id, replaces_id FROM api_keys WHERE account_id = $1 AND id = $2
            UNION SELECT k.id, k.replaces_id FROM api_keys k JOIN older ON k.id = older.replaces_id
        ), newer (id) AS (
            SELECT id FROM api_keys WHERE account_id = $1 AND id = $2
            UNION SELECT k.id FROM api_keys k JOIN newer ON k.replaces_id = newer.id
        )
        SELECT ", columns!(), "
        FROM api_keys WHERE deleted_at IS NULL AND id IN (SELECT id FROM older UNION SELECT id FROM newer)
        ORDER BY created_at DESC, id DESC LIMIT $3");
    SENT_FORM = "INSERT INTO sent_forms (account_id, form_token, sent_at) VALUES ($1, $2, $3)";
    REKEY = "UPDATE api_keys SET hash = $3, pepper_version = $4 WHERE id = $1 AND hash = $2 AND deleted_at IS NULL";
}

/// PostgreSQL only, because SQLite has one writing transaction at a time. Ordered by bytes, like `KeyId`.
const LOCK: &str = "SELECT id FROM api_keys WHERE account_id = $1 AND (id = ANY($2) OR replaces_id = ANY($2)
        OR id IN (SELECT replaces_id FROM api_keys WHERE account_id = $1 AND id = ANY($2)))
    ORDER BY id COLLATE \"C\" FOR UPDATE";

/// Which of the ids `$2` are keys of the account. SQLite has no arrays.
const EXISTING_SQLITE: &str = "SELECT id FROM api_keys
    WHERE account_id = $1 AND deleted_at IS NULL AND id IN (SELECT value FROM json_each($2))";
/// The same for PostgreSQL.
const EXISTING_POSTGRES: &str = "SELECT id FROM api_keys
    WHERE account_id = $1 AND deleted_at IS NULL AND id = ANY($2)";

/// A key to be stored.
pub struct NewKey<'a> {
    /// Everything but the secret.
    pub key: &'a Key,
    /// Its hash.
    pub hash: &'a KeyHash,
    /// Token of its form. If the form is sent again, the unique constraint of this column refuses it for as long as the
    /// key has a row, even after the token in `sent_forms` was purged.
    pub form_token: &'a str,
}

/// A new secret for a key.
pub struct NewSecret<'a> {
    /// Its shown prefix.
    pub prefix: &'a str,
    /// Its hash.
    pub hash: &'a KeyHash,
}

#[derive(sqlx::FromRow)]
pub(super) struct Row {
    id: String,
    account_id: String,
    name: String,
    prefix: String,
    preset: String,
    scopes: String,
    allowlist: String,
    creator_id: Option<String>,
    created_at: i64,
    last_used_at: Option<i64>,
    expires_at: Option<i64>,
    revoked_at: Option<i64>,
    replaces_id: Option<String>,
    rotated_at: Option<i64>,
    grace_ends_at: Option<i64>,
    leak_reported_at: Option<i64>,
    rate_limit: Option<i64>,
}

impl TryFrom<Row> for Key {
    type Error = StoreError;
    fn try_from(row: Row) -> Result<Self, StoreError> {
        let creator = row.creator_id.map(|id| id.parse::<UserId>()).transpose();
        Ok(Self {
            id: row
                .id
                .parse()
                .map_err(|_| StoreError::Unreadable("api_keys.id"))?,
            account: row
                .account_id
                .parse()
                .map_err(|_| StoreError::Unreadable("api_keys.account_id"))?,
            name: KeyName::from_stored(row.name),
            prefix: row.prefix,
            preset: row.preset,
            scopes: Scopes::from_stored(&row.scopes),
            // An invalid value must not be taken for an empty list, which allows every address.
            allowlist: Allowlist::from_stored(&row.allowlist)
                .ok_or(StoreError::Unreadable("api_keys.allowlist"))?,
            creator: creator.map_err(|_| StoreError::Unreadable("api_keys.creator_id"))?,
            created_at: Timestamp::from_millis(row.created_at),
            last_used_at: row.last_used_at.map(Timestamp::from_millis),
            expires_at: row.expires_at.map(Timestamp::from_millis),
            revoked_at: row.revoked_at.map(Timestamp::from_millis),
            leak_reported_at: row.leak_reported_at.map(Timestamp::from_millis),
            rate_limit: row
                .rate_limit
                .map(u32::try_from)
                .transpose()
                .map_err(|_| StoreError::Unreadable("api_keys.rate_limit"))?,
            replaces: row
                .replaces_id
                .map(|id| id.parse())
                .transpose()
                .map_err(|_| StoreError::Unreadable("api_keys.replaces_id"))?,
            rotation: row.rotated_at.zip(row.grace_ends_at).map(|(at, end)| Rotation {
                at: Timestamp::from_millis(at),
                grace_ends_at: Timestamp::from_millis(end),
            }),
        })
    }
}

/// The table.
pub struct Keys<'c>(pub(super) Conn<'c>);

impl Keys<'_> {
    /// Adds a key.
    ///
    /// # Errors
    /// `Taken(FormToken)` when its form has already created a key.
    pub async fn insert(self, new: &NewKey<'_>) -> Result<(), StoreError> {
        let key = new.key;
        on!(self.0, c => {
            sqlx::query(INSERT)
                .bind(key.id.to_string())
                .bind(key.account.to_string())
                .bind(key.name.as_str())
                .bind(&key.prefix)
                .bind(&key.preset)
                .bind(key.scopes.to_string())
                .bind(key.allowlist.to_string())
                .bind(key.creator.map(|id| id.to_string()))
                .bind(key.created_at.millis())
                .bind(key.last_used_at.map(Timestamp::millis))
                .bind(key.expires_at.map(Timestamp::millis))
                .bind(key.revoked_at.map(Timestamp::millis))
                .bind(key.replaces.map(|id| id.to_string()))
                .bind(key.rotation.map(|rotation| rotation.at.millis()))
                .bind(key.rotation.map(|rotation| rotation.grace_ends_at.millis()))
                .bind(key.leak_reported_at.map(Timestamp::millis))
                .bind(key.rate_limit.map(i64::from))
                .bind(search::fold(key.name.as_str()))
                .bind(&new.hash.digest()[..])
                .bind(new.hash.version())
                .bind(new.form_token)
                .execute(c)
                .await?;
        });
        Ok(())
    }

    /// The key whose text has this hash.
    pub async fn by_hash(self, hash: &KeyHash) -> Result<Option<Key>, StoreError> {
        let row = on!(self.0, c => sqlx::query_as::<_, Row>(BY_HASH).bind(&hash.digest()[..]).fetch_optional(c).await?);
        row.map(TryInto::try_into).transpose()
    }

    /// The key of an account with this id.
    pub async fn by_id(self, account: AccountId, id: KeyId) -> Result<Option<Key>, StoreError> {
        let row = on!(self.0, c => {
            sqlx::query_as::<_, Row>(BY_ID).bind(account.to_string()).bind(id.to_string()).fetch_optional(c).await?
        });
        row.map(TryInto::try_into).transpose()
    }

    /// Which of these ids are keys of the account that were not deleted.
    pub async fn existing(self, account: AccountId, ids: &[&str]) -> Result<BTreeSet<String>, StoreError> {
        let account = account.to_string();
        let found: Vec<String> = match self.0 {
            Conn::Sqlite(c) => {
                let ids = serde_json::json!(ids).to_string();
                let query = sqlx::query_scalar(EXISTING_SQLITE).bind(account).bind(ids);
                query.fetch_all(c).await?
            }
            Conn::Postgres(c) => {
                let query = sqlx::query_scalar(EXISTING_POSTGRES).bind(account).bind(ids);
                answered(async { Ok::<_, StoreError>(query.fetch_all(c).await?) }).await?
            }
        };
        Ok(found.into_iter().collect())
    }

    /// The key of an account that the form with this token has made.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn by_form(self, account: AccountId, form_token: &str) -> Result<Option<Key>, StoreError> {
        let row = on!(self.0, c => {
            sqlx::query_as::<_, Row>(BY_FORM).bind(account.to_string()).bind(form_token).fetch_optional(c).await?
        });
        row.map(TryInto::try_into).transpose()
    }

    /// Locks these keys, their replacements, and the keys they replace, against other changes. A change of
    /// several keys must lock them first. All such locks are taken in the order of ids, so there is no
    /// deadlock.
    pub async fn lock(self, account: AccountId, ids: &[KeyId]) -> Result<(), StoreError> {
        if let Conn::Postgres(c) = self.0 {
            let ids: Vec<_> = ids.iter().map(ToString::to_string).collect();
            let lock = sqlx::query(LOCK).bind(account.to_string()).bind(ids);
            answered(async { Ok::<_, StoreError>(lock.execute(c).await?) }).await?;
        }
        Ok(())
    }

    /// How many keys of an account count against its cap at `now`.
    pub async fn count_for_cap(self, account: AccountId, now: Timestamp) -> Result<u64, StoreError> {
        let count: i64 = on!(self.0, c => {
            sqlx::query_scalar(COUNT_FOR_CAP).bind(account.to_string()).bind(now.millis()).fetch_one(c).await?
        });
        Ok(count.unsigned_abs())
    }

    /// How many keys of an account are live at `now`.
    pub async fn count_live(self, account: AccountId, now: Timestamp) -> Result<u64, StoreError> {
        let count: i64 = on!(self.0, c => {
            sqlx::query_scalar(COUNT_LIVE).bind(account.to_string()).bind(now.millis()).fetch_one(c).await?
        });
        Ok(count.unsigned_abs())
    }

    /// The distinct sets of scopes of keys live at `now`, with the number of keys.
    pub async fn scopes_in_use(self, now: Timestamp) -> Result<Vec<(Scopes, u64)>, StoreError> {
        let rows: Vec<(String, i64)> = on!(self.0, c => {
            sqlx::query_as(SCOPES_IN_USE).bind(now.millis()).fetch_all(c).await?
        });
        let sets = rows
            .iter()
            .map(|(scopes, keys)| (Scopes::from_stored(scopes), keys.unsigned_abs()));
        Ok(sets.collect())
    }

    /// Records that a form of the account has yielded a secret.
    ///
    /// # Errors
    /// `Taken(FormToken)` when it already has.
    pub async fn sent_form(
        self,
        account: AccountId,
        form_token: &str,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        on!(self.0, c => {
            sqlx::query(SENT_FORM)
                .bind(account.to_string())
                .bind(form_token)
                .bind(now.millis())
                .execute(c)
                .await?;
        });
        Ok(())
    }

    /// The newest keys of the chain of rotations that this key is part of.
    pub async fn chain(self, account: AccountId, id: KeyId, limit: u32) -> Result<Vec<Key>, StoreError> {
        let rows = on!(self.0, c => {
            sqlx::query_as::<_, Row>(CHAIN)
                .bind(account.to_string())
                .bind(id.to_string())
                .bind(i64::from(limit))
                .fetch_all(c)
                .await?
        });
        rows.into_iter().map(TryInto::try_into).collect()
    }

    /// Stores a key under another pepper version, unless its secret has changed.
    pub async fn rekey(self, id: KeyId, from: &KeyHash, to: &KeyHash) -> Result<(), StoreError> {
        on!(self.0, c => {
            sqlx::query(REKEY)
                .bind(id.to_string())
                .bind(&from.digest()[..])
                .bind(&to.digest()[..])
                .bind(to.version())
                .execute(c)
                .await?;
        });
        Ok(())
    }
}
