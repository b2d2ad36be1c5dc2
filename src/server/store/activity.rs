//! What people did in accounts. Rows are added and read; the database refuses everything else (docs/security.md, S67).

use super::{Conn, StoreError, declare, on};
use crate::domain::activity::Entry;

declare! {
    INSERT = "INSERT INTO activity (id, account_id, at, actor_id, actor_name, action, target_id, target_name, detail,
            request_id, ip_hash)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
}

/// The table.
pub struct Activity<'c>(pub(super) Conn<'c>);

impl Activity<'_> {
    /// Adds an entry, in the transaction of what it tells.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn insert(self, entry: &Entry<'_>) -> Result<(), StoreError> {
        on!(self.0, c => {
            sqlx::query(INSERT)
                .bind(&entry.id)
                .bind(entry.account.to_string())
                .bind(entry.at.millis())
                .bind(entry.actor.to_string())
                .bind(entry.actor_name)
                .bind(entry.event.id())
                .bind(&entry.target)
                .bind(entry.target_name)
                .bind(&entry.detail)
                .bind(entry.request_id)
                .bind(entry.ip_hash)
                .execute(c)
                .await?;
        });
        Ok(())
    }
}
