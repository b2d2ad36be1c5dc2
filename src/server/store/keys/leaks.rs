//! Leaked keys: reported, or used after their end.

use super::{Row, columns};
use crate::{
    domain::{
        ids::{AccountId, KeyId},
        key::Key,
        time::Timestamp,
    },
    server::store::{Conn, StoreError, declare, on},
};

declare! {
    OPEN = concat!("SELECT ", columns!(), "
        FROM api_keys WHERE account_id = $1 AND deleted_at IS NULL
            AND leak_reported_at IS NOT NULL AND leak_acknowledged_at IS NULL
        ORDER BY leak_reported_at DESC, id LIMIT $2");
    ACKNOWLEDGE = "UPDATE api_keys SET leak_acknowledged_at = $3
        WHERE account_id = $1 AND id = $2 AND deleted_at IS NULL
            AND leak_reported_at IS NOT NULL AND leak_acknowledged_at IS NULL";
    /// Changes a row only if the key had no alert after `$3`, so that there is one alert an hour.
    ALERT = "UPDATE api_keys SET alerted_at = $2
        WHERE id = $1 AND deleted_at IS NULL AND (alerted_at IS NULL OR alerted_at <= $3)
        RETURNING account_id, name, prefix";
}

/// Leaks in the table of keys.
pub struct Leaks<'c>(pub(in crate::server::store) Conn<'c>);

impl Leaks<'_> {
    /// The keys that were reported as leaked and that no owner has acknowledged, latest report first.
    pub async fn open(self, account: AccountId, limit: u32) -> Result<Vec<Key>, StoreError> {
        let rows = on!(self.0, c => {
            sqlx::query_as::<_, Row>(OPEN)
                .bind(account.to_string())
                .bind(i64::from(limit))
                .fetch_all(c)
                .await?
        });
        rows.into_iter().map(TryInto::try_into).collect()
    }

    /// Acknowledges a leak; returns whether there was one without acknowledgement.
    pub async fn acknowledge(
        self,
        account: AccountId,
        id: KeyId,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        Ok(run(self.0, ACKNOWLEDGE, account, id, now).await? == 1)
    }

    /// Account, name and prefix of a key that was used after its end, unless that was recorded recently.
    pub async fn alert(
        self,
        id: KeyId,
        at: Timestamp,
        quiet_since: Timestamp,
    ) -> Result<Option<(AccountId, String, String)>, StoreError> {
        let alerted: Option<(String, String, String)> = on!(self.0, c => {
            sqlx::query_as(ALERT)
                .bind(id.to_string())
                .bind(at.millis())
                .bind(quiet_since.millis())
                .fetch_optional(c)
                .await?
        });
        let alerted =
            alerted.map(|(account, name, prefix)| account.parse().map(|account| (account, name, prefix)));
        alerted
            .transpose()
            .map_err(|_| StoreError::Unreadable("api_keys.account_id"))
    }
}

/// Runs a statement about one key; returns how many rows it changed.
async fn run(
    conn: Conn<'_>,
    statement: &'static str,
    account: AccountId,
    id: KeyId,
    now: Timestamp,
) -> Result<u64, StoreError> {
    Ok(on!(conn, c => {
        sqlx::query(statement)
            .bind(account.to_string())
            .bind(id.to_string())
            .bind(now.millis())
            .execute(c)
            .await?
            .rows_affected()
    }))
}
