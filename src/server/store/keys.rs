//! API keys. Every query that a person causes names the account beside the key (docs/security.md, S19).

use super::{Conn, StoreError, declare, on};
use crate::{
    domain::{
        ids::{AccountId, KeyId, UserId},
        key::{Key, Rotation},
        network::Allowlist,
        scope::Scopes,
        time::Timestamp,
    },
    server::secret::pepper::KeyHash,
};

/// All that a [`Row`] needs.
macro_rules! select {
    () => {
        "SELECT id, account_id, name, prefix, preset, scopes, allowlist, creator_id, created_at, last_used_at,
            expires_at, revoked_at, replaces_id, rotated_at, grace_ends_at, leak_reported_at FROM api_keys "
    };
}

/// Whether a key is live at a moment.
macro_rules! live {
    ($now:literal) => {
        concat!(
            "(revoked_at IS NULL AND (expires_at IS NULL OR expires_at > ",
            $now,
            ") AND (grace_ends_at IS NULL OR grace_ends_at > ",
            $now,
            "))"
        )
    };
}

pub(super) use {live, select};

declare! {
    INSERT = "INSERT INTO api_keys (id, account_id, name, name_key, prefix, hash, pepper_version, preset, scopes, allowlist,
            creator_id, created_at, last_used_at, expires_at, revoked_at, form_token, replaces_id, rotated_at, grace_ends_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)";
    BY_HASH = concat!(select!(), "WHERE hash = $1");
    BY_ID = concat!(select!(), "WHERE account_id = $1 AND id = $2");
    COUNT_LIVE = concat!("SELECT COUNT(*) FROM api_keys WHERE account_id = $1 AND ", live!("$2"));
    /// Late and repeated reports never move the time back.
    USED = "UPDATE api_keys SET last_used_at = $2 WHERE id = $1 AND (last_used_at IS NULL OR last_used_at < $2)";
    /// Only while nobody has used the key.
    REISSUE = concat!("UPDATE api_keys SET prefix = $3, hash = $4, pepper_version = $5
        WHERE account_id = $1 AND id = $2 AND last_used_at IS NULL AND ", live!("$6"));
    /// Only before its end: what has ended stays ended.
    MOVE_GRACE = concat!("UPDATE api_keys SET grace_ends_at = $3
        WHERE account_id = $1 AND id = $2 AND rotated_at IS NOT NULL AND ", live!("$4"));
    /// From the newest to the oldest, whichever of them `$2` is.
    CHAIN = concat!("WITH RECURSIVE older (id, replaces_id) AS (
            SELECT id, replaces_id FROM api_keys WHERE account_id = $1 AND id = $2
            UNION SELECT k.id, k.replaces_id FROM api_keys k JOIN older ON k.id = older.replaces_id
        ), newer (id) AS (
            SELECT id FROM api_keys WHERE account_id = $1 AND id = $2
            UNION SELECT k.id FROM api_keys k JOIN newer ON k.replaces_id = newer.id
        ) ", select!(), "WHERE id IN (SELECT id FROM older UNION SELECT id FROM newer)
        ORDER BY created_at DESC, id DESC LIMIT $3");
    ROTATE = "UPDATE api_keys SET rotated_at = $3, grace_ends_at = $4
        WHERE account_id = $1 AND id = $2 AND rotated_at IS NULL AND revoked_at IS NULL";
    REVOKE = "UPDATE api_keys SET revoked_at = $3 WHERE account_id = $1 AND id = $2 AND revoked_at IS NULL";
    DELETE = "DELETE FROM api_keys WHERE account_id = $1 AND id = $2";
    SENT_FORM = "INSERT INTO sent_forms (account_id, form_token) VALUES ($1, $2)";
    REKEY = "UPDATE api_keys SET hash = $3, pepper_version = $4 WHERE id = $1 AND hash = $2";
}

/// A key to be stored.
pub struct NewKey<'a> {
    /// Everything but the secret.
    pub key: &'a Key,
    /// What a presented key is found by.
    pub hash: &'a KeyHash,
    /// The form it was made with.
    pub form_token: &'a str,
}

/// A new secret for a key.
pub struct NewSecret<'a> {
    /// Its first characters.
    pub prefix: &'a str,
    /// What it is found by.
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
            name: row.name,
            prefix: row.prefix,
            preset: row.preset,
            scopes: Scopes::from_stored(&row.scopes),
            // Unreadable must not become empty, which allows every address.
            allowlist: Allowlist::from_stored(&row.allowlist)
                .ok_or(StoreError::Unreadable("api_keys.allowlist"))?,
            creator: creator.map_err(|_| StoreError::Unreadable("api_keys.creator_id"))?,
            created_at: Timestamp::from_millis(row.created_at),
            last_used_at: row.last_used_at.map(Timestamp::from_millis),
            expires_at: row.expires_at.map(Timestamp::from_millis),
            revoked_at: row.revoked_at.map(Timestamp::from_millis),
            leak_reported_at: row.leak_reported_at.map(Timestamp::from_millis),
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
    /// `Taken(FormToken)` when its form has made a key already.
    pub async fn insert(self, new: &NewKey<'_>) -> Result<(), StoreError> {
        let key = new.key;
        on!(self.0, c => {
            sqlx::query(INSERT)
                .bind(key.id.to_string())
                .bind(key.account.to_string())
                .bind(&key.name)
                .bind(key.name.to_lowercase())
                .bind(&key.prefix)
                .bind(new.hash.digest())
                .bind(new.hash.version())
                .bind(&key.preset)
                .bind(key.scopes.to_string())
                .bind(key.allowlist.to_string())
                .bind(key.creator.map(|id| id.to_string()))
                .bind(key.created_at.millis())
                .bind(key.last_used_at.map(Timestamp::millis))
                .bind(key.expires_at.map(Timestamp::millis))
                .bind(key.revoked_at.map(Timestamp::millis))
                .bind(new.form_token)
                .bind(key.replaces.map(|id| id.to_string()))
                .bind(key.rotation.map(|rotation| rotation.at.millis()))
                .bind(key.rotation.map(|rotation| rotation.grace_ends_at.millis()))
                .execute(c)
                .await?;
        });
        Ok(())
    }

    /// The key whose text has this hash.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn by_hash(self, hash: &KeyHash) -> Result<Option<Key>, StoreError> {
        let row =
            on!(self.0, c => sqlx::query_as::<_, Row>(BY_HASH).bind(hash.digest()).fetch_optional(c).await?);
        row.map(TryInto::try_into).transpose()
    }

    /// The key of an account with this id.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn by_id(self, account: AccountId, id: KeyId) -> Result<Option<Key>, StoreError> {
        let row = on!(self.0, c => {
            sqlx::query_as::<_, Row>(BY_ID).bind(account.to_string()).bind(id.to_string()).fetch_optional(c).await?
        });
        row.map(TryInto::try_into).transpose()
    }

    /// How many keys of an account are live at `now`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn count_live(self, account: AccountId, now: Timestamp) -> Result<u64, StoreError> {
        let count: i64 = on!(self.0, c => {
            sqlx::query_scalar(COUNT_LIVE).bind(account.to_string()).bind(now.millis()).fetch_one(c).await?
        });
        Ok(count.unsigned_abs())
    }

    /// Notes that a key was accepted at `at`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn used(self, id: KeyId, at: Timestamp) -> Result<(), StoreError> {
        on!(self.0, c => {
            sqlx::query(USED).bind(id.to_string()).bind(at.millis()).execute(c).await?;
        });
        Ok(())
    }

    /// Notes that a form of the account gives out a secret.
    ///
    /// # Errors
    /// `Taken(FormToken)` when it has done so already.
    pub async fn sent_form(self, account: AccountId, form_token: &str) -> Result<(), StoreError> {
        on!(self.0, c => {
            sqlx::query(SENT_FORM).bind(account.to_string()).bind(form_token).execute(c).await?;
        });
        Ok(())
    }

    /// Gives a live key that was never used another secret; whether it did.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn reissue(
        self,
        account: AccountId,
        id: KeyId,
        secret: &NewSecret<'_>,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let changed = on!(self.0, c => {
            sqlx::query(REISSUE)
                .bind(account.to_string())
                .bind(id.to_string())
                .bind(secret.prefix)
                .bind(secret.hash.digest())
                .bind(secret.hash.version())
                .bind(now.millis())
                .execute(c)
                .await?
                .rows_affected()
        });
        Ok(changed == 1)
    }

    /// Notes that a key was replaced and works until its grace period ends; whether it was still to be replaced.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn rotate(self, account: AccountId, id: KeyId, rotation: Rotation) -> Result<bool, StoreError> {
        let changed = on!(self.0, c => {
            sqlx::query(ROTATE)
                .bind(account.to_string())
                .bind(id.to_string())
                .bind(rotation.at.millis())
                .bind(rotation.grace_ends_at.millis())
                .execute(c)
                .await?
                .rows_affected()
        });
        Ok(changed == 1)
    }

    /// Lets a key in its grace period work until `end`; whether it was in it at `now`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn move_grace(
        self,
        account: AccountId,
        id: KeyId,
        end: Timestamp,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        Ok(self.run(MOVE_GRACE, account, id, &[end, now]).await? == 1)
    }

    /// The newest keys that one was made to replace, that were made to replace it, and itself.
    ///
    /// # Errors
    /// When the database fails.
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

    /// Disables a key; whether it was not yet.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn revoke(self, account: AccountId, id: KeyId, now: Timestamp) -> Result<bool, StoreError> {
        Ok(self.run(REVOKE, account, id, &[now]).await? == 1)
    }

    /// Forgets a key and its request log; whether there was one.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn delete(self, account: AccountId, id: KeyId) -> Result<bool, StoreError> {
        Ok(self.run(DELETE, account, id, &[]).await? == 1)
    }

    /// Runs a statement about one key; returns how many rows it changed.
    async fn run(
        self,
        statement: &'static str,
        account: AccountId,
        id: KeyId,
        times: &[Timestamp],
    ) -> Result<u64, StoreError> {
        Ok(on!(self.0, c => {
            let mut query = sqlx::query(statement).bind(account.to_string()).bind(id.to_string());
            for time in times {
                query = query.bind(time.millis());
            }
            query.execute(c).await?.rows_affected()
        }))
    }

    /// Stores a key under another pepper; nothing happens when it has another secret by now.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn rekey(self, id: KeyId, from: &KeyHash, to: &KeyHash) -> Result<(), StoreError> {
        on!(self.0, c => {
            sqlx::query(REKEY)
                .bind(id.to_string())
                .bind(from.digest())
                .bind(to.digest())
                .bind(to.version())
                .execute(c)
                .await?;
        });
        Ok(())
    }
}
