//! Refused sign-ins without an account: one row for each minute and network, and a maximum number of rows
//! (docs/security.md, S90). Otherwise only retention deletes them.

use crate::{
    domain::time::Timestamp,
    server::store::{Conn, StoreError, declare, on},
};

declare! {
    INSERT = "INSERT INTO unowned_refusals (id, at, event, ip_hash, times) VALUES ($1, $2, $3, $4, $5)";
    /// The oldest rows beyond the newest `$1`, `$2` at most.
    TRIM = "DELETE FROM unowned_refusals WHERE id IN
        (SELECT id FROM unowned_refusals ORDER BY at DESC LIMIT $2 OFFSET $1)";
}

/// Refusals of one kind from one network in a minute.
pub struct Refusal<'a> {
    /// Id of the row.
    pub id: &'a str,
    /// When the first of them was.
    pub at: Timestamp,
    /// Id of the event, as the activity has it.
    pub event: &'a str,
    /// Hash of the address; `None` for the sum over further addresses.
    pub ip_hash: Option<&'a str>,
    /// How many there were.
    pub times: u64,
}

/// The table.
pub struct Refusals<'c>(pub(in crate::server::store) Conn<'c>);

impl Refusals<'_> {
    /// Adds a row.
    pub async fn insert(self, refusal: &Refusal<'_>) -> Result<(), StoreError> {
        on!(self.0, c => {
            sqlx::query(INSERT)
                .bind(refusal.id)
                .bind(refusal.at.millis())
                .bind(refusal.event)
                .bind(refusal.ip_hash)
                .bind(i64::try_from(refusal.times).unwrap_or(i64::MAX))
                .execute(c)
                .await?;
        });
        Ok(())
    }

    /// Deletes the oldest rows beyond the newest `kept`, at most `limit` of them.
    pub async fn trim(self, kept: u32, limit: u32) -> Result<(), StoreError> {
        on!(self.0, c => {
            sqlx::query(TRIM).bind(i64::from(kept)).bind(i64::from(limit)).execute(c).await?;
        });
        Ok(())
    }
}
