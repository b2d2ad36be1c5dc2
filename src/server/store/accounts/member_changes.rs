//! Changes of memberships: joining, leaving, another role. Each is written to the outbox when its transaction
//! ends.

use crate::{
    domain::{
        ids::{AccountId, UserId},
        role::Role,
        time::Timestamp,
    },
    server::store::{Conn, StoreError, declare, on},
};

declare! {
    INSERT = "INSERT INTO memberships (account_id, user_id, role, created_at) VALUES ($1, $2, $3, $4)";
    REMOVE = "DELETE FROM memberships WHERE account_id = $1 AND user_id = $2";
    SET_ROLE = "UPDATE memberships SET role = $3 WHERE account_id = $1 AND user_id = $2";
}

/// A membership to change, from [`crate::server::store::Tx::change_member`].
pub struct MemberChange<'c> {
    pub(in crate::server::store) conn: Conn<'c>,
    pub(in crate::server::store) account: AccountId,
    pub(in crate::server::store) user: UserId,
}

impl MemberChange<'_> {
    /// Adds the person to the team. The database refuses a second primary owner.
    ///
    /// # Errors
    /// `Taken(Membership)` when the person is a member.
    pub async fn insert(self, role: Role, now: Timestamp) -> Result<(), StoreError> {
        on!(self.conn, c => {
            sqlx::query(INSERT)
                .bind(self.account.to_string())
                .bind(self.user.to_string())
                .bind(role.id())
                .bind(now.millis())
                .execute(c)
                .await?;
        });
        Ok(())
    }

    /// Removes the person from the team; returns whether they were a member.
    pub async fn remove(self) -> Result<bool, StoreError> {
        let removed = on!(self.conn, c => {
            sqlx::query(REMOVE)
                .bind(self.account.to_string())
                .bind(self.user.to_string())
                .execute(c)
                .await?
                .rows_affected()
        });
        Ok(removed == 1)
    }

    /// Changes the person's role; returns whether they are a member.
    pub async fn set_role(self, role: Role) -> Result<bool, StoreError> {
        let changed = on!(self.conn, c => {
            sqlx::query(SET_ROLE)
                .bind(self.account.to_string())
                .bind(self.user.to_string())
                .bind(role.id())
                .execute(c)
                .await?
                .rows_affected()
        });
        Ok(changed == 1)
    }
}
