//! Changes that end or restrict a key. Every such change gets a number when its transaction ends, so that no server
//! keeps using a cached key.

use super::NewSecret;
use crate::{
    domain::{
        ids::{AccountId, KeyId},
        key::Rotation,
        time::Timestamp,
    },
    server::store::{Conn, StoreError, declare, on},
};

declare! {
    /// Only while the key was never used.
    REISSUE = "UPDATE api_keys SET prefix = $3, hash = $4, pepper_version = $5
        WHERE account_id = $1 AND id = $2 AND last_used_at IS NULL
            AND (deleted_at IS NULL AND revoked_at IS NULL
                AND (expires_at IS NULL OR expires_at > $6) AND (grace_ends_at IS NULL OR grace_ends_at > $6))";
    /// Only before its end: what has ended stays ended.
    MOVE_GRACE = "UPDATE api_keys SET grace_ends_at = $3
        WHERE account_id = $1 AND id = $2 AND rotated_at IS NOT NULL
            AND (deleted_at IS NULL AND revoked_at IS NULL
                AND (expires_at IS NULL OR expires_at > $4) AND (grace_ends_at IS NULL OR grace_ends_at > $4))";
    ROTATE = "UPDATE api_keys SET rotated_at = $3, grace_ends_at = $4
        WHERE account_id = $1 AND id = $2 AND deleted_at IS NULL AND rotated_at IS NULL AND revoked_at IS NULL";
    REVOKE = "UPDATE api_keys SET revoked_at = $3
        WHERE account_id = $1 AND id = $2 AND deleted_at IS NULL AND revoked_at IS NULL";
    /// Later and repeated reports never move the time back.
    REPORT = "UPDATE api_keys SET leak_reported_at = $3, revoked_at = COALESCE(revoked_at, $3)
        WHERE account_id = $1 AND id = $2 AND deleted_at IS NULL AND leak_reported_at IS NULL";
    /// Marks the row until its request log is removed (`crate::server::store::retention`).
    DELETE = "UPDATE api_keys SET deleted_at = $3, revoked_at = COALESCE(revoked_at, $3)
        WHERE account_id = $1 AND id = $2 AND deleted_at IS NULL";
    DETACH = "UPDATE api_keys SET replaces_id = NULL WHERE account_id = $1 AND replaces_id = $2";
}

/// A change of a key, from [`crate::server::store::Tx::change`].
pub struct KeyChange<'c> {
    pub(in crate::server::store) conn: Conn<'c>,
    pub(in crate::server::store) account: AccountId,
    pub(in crate::server::store) id: KeyId,
}

impl KeyChange<'_> {
    /// Gives a live key that was never used another secret; returns whether it did.
    pub async fn reissue(self, secret: &NewSecret<'_>, now: Timestamp) -> Result<bool, StoreError> {
        let changed = on!(self.conn, c => {
            sqlx::query(REISSUE)
                .bind(self.account.to_string())
                .bind(self.id.to_string())
                .bind(secret.prefix)
                .bind(&secret.hash.digest()[..])
                .bind(secret.hash.version())
                .bind(now.millis())
                .execute(c)
                .await?
                .rows_affected()
        });
        Ok(changed == 1)
    }

    /// Marks a key as replaced until the end of its grace period; returns false if it was replaced already.
    pub async fn rotate(self, rotation: Rotation) -> Result<bool, StoreError> {
        self.run(ROTATE, &[rotation.at, rotation.grace_ends_at]).await
    }

    /// Changes the end of a grace period to `end`; returns whether the key was in its grace period at `now`.
    pub async fn move_grace(self, end: Timestamp, now: Timestamp) -> Result<bool, StoreError> {
        self.run(MOVE_GRACE, &[end, now]).await
    }

    /// Revokes a key; returns false if it was revoked already.
    pub async fn revoke(self, now: Timestamp) -> Result<bool, StoreError> {
        self.run(REVOKE, &[now]).await
    }

    /// Revokes a key that was reported as leaked; returns whether it is the first report.
    pub async fn report_leak(self, now: Timestamp) -> Result<bool, StoreError> {
        self.run(REPORT, &[now]).await
    }

    /// Deletes a key; returns whether it existed. The row is only marked, and counted nowhere, until a
    /// background job has removed its request log. So deleting takes as long as revoking, however many rows
    /// there are (docs/security.md, S85). The key must be locked ([`super::Keys::lock`]), which waits for
    /// rows that are being added.
    pub async fn delete(mut self, now: Timestamp) -> Result<bool, StoreError> {
        on!(&mut self.conn, c => {
            sqlx::query(DETACH)
                .bind(self.account.to_string())
                .bind(self.id.to_string())
                .execute(&mut **c)
                .await?;
        });
        self.run(DELETE, &[now]).await
    }

    /// Runs a statement; returns whether its condition held.
    async fn run(self, statement: &'static str, times: &[Timestamp]) -> Result<bool, StoreError> {
        let changed = on!(self.conn, c => {
            let mut query = sqlx::query(statement).bind(self.account.to_string()).bind(self.id.to_string());
            for time in times {
                query = query.bind(time.millis());
            }
            query.execute(c).await?.rows_affected()
        });
        Ok(changed == 1)
    }
}
