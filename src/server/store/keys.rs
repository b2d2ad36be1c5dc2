//! API keys. Every query that a person causes names the account beside the key (docs/security.md, S19).

use super::{Conn, StoreError, declare, on};
use crate::{
    domain::{
        ids::{AccountId, KeyId, UserId},
        key::Key,
        scope::Scopes,
        time::Timestamp,
    },
    server::secret::pepper::KeyHash,
};

declare! {
    INSERT = "INSERT INTO api_keys (id, account_id, name, prefix, hash, pepper_version, preset, scopes, creator_id, created_at, form_token)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    BY_HASH = "SELECT id, account_id, name, prefix, preset, scopes, creator_id, created_at, last_used_at, expires_at, revoked_at
        FROM api_keys WHERE hash = $1";
    NEWEST = "SELECT id, account_id, name, prefix, preset, scopes, creator_id, created_at, last_used_at, expires_at, revoked_at
        FROM api_keys WHERE account_id = $1 ORDER BY created_at DESC, id DESC LIMIT $2";
    COUNT = "SELECT COUNT(*) FROM api_keys WHERE account_id = $1";
    /// Late and repeated reports never move the time back.
    USED = "UPDATE api_keys SET last_used_at = $2 WHERE id = $1 AND (last_used_at IS NULL OR last_used_at < $2)";
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

#[derive(sqlx::FromRow)]
struct Row {
    id: String,
    account_id: String,
    name: String,
    prefix: String,
    preset: String,
    scopes: String,
    creator_id: Option<String>,
    created_at: i64,
    last_used_at: Option<i64>,
    expires_at: Option<i64>,
    revoked_at: Option<i64>,
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
            creator: creator.map_err(|_| StoreError::Unreadable("api_keys.creator_id"))?,
            created_at: Timestamp::from_millis(row.created_at),
            last_used_at: row.last_used_at.map(Timestamp::from_millis),
            expires_at: row.expires_at.map(Timestamp::from_millis),
            revoked_at: row.revoked_at.map(Timestamp::from_millis),
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
        on!(self.0, c => {
            sqlx::query(INSERT)
                .bind(new.key.id.to_string())
                .bind(new.key.account.to_string())
                .bind(&new.key.name)
                .bind(&new.key.prefix)
                .bind(new.hash.digest())
                .bind(new.hash.version())
                .bind(&new.key.preset)
                .bind(new.key.scopes.to_string())
                .bind(new.key.creator.map(|id| id.to_string()))
                .bind(new.key.created_at.millis())
                .bind(new.form_token)
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

    /// The newest keys of an account, newest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn newest(self, account: AccountId, limit: u32) -> Result<Vec<Key>, StoreError> {
        let rows = on!(self.0, c => {
            sqlx::query_as::<_, Row>(NEWEST).bind(account.to_string()).bind(i64::from(limit)).fetch_all(c).await?
        });
        rows.into_iter().map(TryInto::try_into).collect()
    }

    /// How many keys an account has.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn count(self, account: AccountId) -> Result<u64, StoreError> {
        let count: i64 =
            on!(self.0, c => sqlx::query_scalar(COUNT).bind(account.to_string()).fetch_one(c).await?);
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
}
