//! Members of teams, without the primary owners. [`super::member_changes`] changes them.

use crate::{
    domain::ids::AccountId,
    server::store::{Conn, StoreError, declare, on},
};

declare! {
    COUNT = "SELECT COUNT(*) FROM memberships WHERE account_id = $1";
}

/// The table.
pub struct Memberships<'c>(pub(in crate::server::store) Conn<'c>);

impl Memberships<'_> {
    /// Number of members without the primary owner.
    pub async fn count(self, account: AccountId) -> Result<u64, StoreError> {
        let count: i64 =
            on!(self.0, c => sqlx::query_scalar(COUNT).bind(account.to_string()).fetch_one(c).await?);
        Ok(count.unsigned_abs())
    }
}
