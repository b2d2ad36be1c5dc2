//! Counts of failed sign-ins (docs/security.md, S7), shared by the servers that share a PostgreSQL database.

use crate::{
    domain::{
        sign_in_wait::{FORGOTTEN_AFTER, Failures},
        time::Timestamp,
    },
    server::store::{Conn, Store, StoreError, Tables as _, declare, on},
};

declare! {
    FIND = "SELECT failures, last_at FROM sign_in_waits WHERE id = $1";
    /// Creates the row if it does not exist, and locks it.
    LOCK = "INSERT INTO sign_in_waits (id, failures, last_at) VALUES ($1, 0, $2)
        ON CONFLICT (id) DO UPDATE SET failures = sign_in_waits.failures RETURNING failures, last_at";
    SET = "UPDATE sign_in_waits SET failures = $2, last_at = $3 WHERE id = $1";
    /// The time is reset too, unless another attempt failed in the meantime.
    TAKE_BACK = "UPDATE sign_in_waits SET failures = failures - 1,
            last_at = CASE WHEN last_at = $2 THEN $3 ELSE last_at END
        WHERE id = $1 AND failures > 0";
    CLEAR = "DELETE FROM sign_in_waits WHERE id = $1";
    PURGE = "DELETE FROM sign_in_waits WHERE id IN (
        SELECT id FROM sign_in_waits WHERE last_at <= $1 ORDER BY last_at LIMIT $2)";
    TRIM = "DELETE FROM sign_in_waits WHERE id IN (
        SELECT id FROM sign_in_waits ORDER BY last_at DESC LIMIT $2 OFFSET $1)";
}

/// Rows that one transaction deletes, which takes some milliseconds.
const STEP: u32 = 1_000;

/// Key of a count: an HMAC under the pepper.
pub type WaitId = [u8; 32];

#[derive(sqlx::FromRow)]
struct Row {
    failures: i64,
    last_at: i64,
}

impl From<Row> for Failures {
    fn from(row: Row) -> Self {
        Self {
            count: u32::try_from(row.failures).unwrap_or(u32::MAX),
            last_at: Timestamp::from_millis(row.last_at),
        }
    }
}

/// The table.
pub struct SignInWaits<'c>(pub(in crate::server::store) Conn<'c>);

impl SignInWaits<'_> {
    /// The count of a row; none if it does not exist.
    pub async fn find(self, id: &WaitId) -> Result<Failures, StoreError> {
        let row = on!(self.0, c => sqlx::query_as::<_, Row>(FIND).bind(&id[..]).fetch_optional(c).await?);
        Ok(row.map_or(Failures::NONE, Failures::from))
    }

    /// Locks a row until the transaction ends, and reads its count.
    pub async fn lock(self, id: &WaitId, now: Timestamp) -> Result<Failures, StoreError> {
        let row = on!(self.0, c => {
            sqlx::query_as::<_, Row>(LOCK).bind(&id[..]).bind(now.millis()).fetch_one(c).await?
        });
        Ok(row.into())
    }

    /// Writes the count of a locked row.
    pub async fn set(self, id: &WaitId, failures: Failures) -> Result<(), StoreError> {
        on!(self.0, c => {
            sqlx::query(SET)
                .bind(&id[..])
                .bind(i64::from(failures.count))
                .bind(failures.last_at.millis())
                .execute(c)
                .await?;
        });
        Ok(())
    }

    /// Undoes one failure that was counted at `counted_at`, when the previous one was at `before`.
    pub async fn take_back(
        self,
        id: &WaitId,
        counted_at: Timestamp,
        before: Timestamp,
    ) -> Result<(), StoreError> {
        on!(self.0, c => {
            sqlx::query(TAKE_BACK)
                .bind(&id[..])
                .bind(counted_at.millis())
                .bind(before.millis())
                .execute(c)
                .await?;
        });
        Ok(())
    }

    /// Resets the count of a row.
    pub async fn clear(self, id: &WaitId) -> Result<(), StoreError> {
        on!(self.0, c => {
            sqlx::query(CLEAR).bind(&id[..]).execute(c).await?;
        });
        Ok(())
    }

    async fn delete(self, statement: &'static str, bound: i64) -> Result<u64, StoreError> {
        Ok(on!(self.0, c => {
            sqlx::query(statement).bind(bound).bind(i64::from(STEP)).execute(c).await?.rows_affected()
        }))
    }
}

impl Store {
    /// Deletes rows whose last failure is old enough to be forgotten at `now`; returns how many.
    pub async fn purge_sign_in_waits(&self, now: Timestamp) -> Result<u64, StoreError> {
        let until = now.minus(FORGOTTEN_AFTER);
        self.delete_sign_in_waits(PURGE, until.millis()).await
    }

    /// Deletes the oldest rows beyond the newest `keep`; returns how many.
    pub async fn trim_sign_in_waits(&self, keep: u32) -> Result<u64, StoreError> {
        self.delete_sign_in_waits(TRIM, i64::from(keep)).await
    }

    /// Deletes in transactions of some rows each, so that other writers get their turn in between.
    async fn delete_sign_in_waits(&self, statement: &'static str, bound: i64) -> Result<u64, StoreError> {
        let mut all = 0;
        loop {
            let mut tx = self.write().await?;
            let deleted = tx.sign_in_waits().delete(statement, bound).await?;
            tx.commit().await?;
            all += deleted;
            if deleted < u64::from(STEP) {
                return Ok(all);
            }
        }
    }
}
