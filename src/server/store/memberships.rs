//! Who is in a team beside its primary owner.

use super::{Conn, StoreError, declare, on};
use crate::domain::{
    ids::{AccountId, UserId},
    role::Role,
    time::Timestamp,
};

declare! {
    INSERT = "INSERT INTO memberships (account_id, user_id, role, created_at) VALUES ($1, $2, $3, $4)";
    COUNT = "SELECT COUNT(*) FROM memberships WHERE account_id = $1";
}

/// The table.
pub struct Memberships<'c>(pub(super) Conn<'c>);

impl Memberships<'_> {
    /// Adds a person to a team. The database refuses a second primary owner.
    ///
    /// # Errors
    /// `Taken(Membership)` when the person is in it.
    pub async fn insert(
        self,
        account: AccountId,
        user: UserId,
        role: Role,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        on!(self.0, c => {
            sqlx::query(INSERT)
                .bind(account.to_string())
                .bind(user.to_string())
                .bind(role.id())
                .bind(now.millis())
                .execute(c)
                .await?;
        });
        Ok(())
    }

    /// How many there are beside the primary owner.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn count(self, account: AccountId) -> Result<u64, StoreError> {
        let count: i64 =
            on!(self.0, c => sqlx::query_scalar(COUNT).bind(account.to_string()).fetch_one(c).await?);
        Ok(count.unsigned_abs())
    }
}
