//! Changes of a person's password and sessions. Each is written to the outbox when its transaction ends.

use crate::{
    domain::ids::UserId,
    server::store::{Conn, StoreError, declare, on},
};

declare! {
    SET_PASSWORD_HASH = "UPDATE users SET password_hash = $2 WHERE id = $1";
    END_SESSIONS = "DELETE FROM sessions WHERE id_hash IN
        (SELECT id_hash FROM sessions WHERE user_id = $1 LIMIT $2)";
}

/// Maximum number of sessions that one statement ends; more than a person has.
const ENDED: i64 = 1_000;

/// A change of a person, from [`crate::server::store::Tx::change_person`].
pub struct PersonChange<'c> {
    pub(in crate::server::store) conn: Conn<'c>,
    pub(in crate::server::store) user: UserId,
}

impl PersonChange<'_> {
    /// Replaces the hash of the password.
    pub async fn set_password_hash(self, hash: &str) -> Result<(), StoreError> {
        on!(self.conn, c => {
            sqlx::query(SET_PASSWORD_HASH).bind(self.user.to_string()).bind(hash).execute(c).await?;
        });
        Ok(())
    }

    /// Ends sessions of the person, at most 1,000; returns how many. The journal does not contain sessions. It gets the
    /// number of this change, so that a database from before it counts as older, and then all sessions end.
    pub async fn end_sessions(self) -> Result<u64, StoreError> {
        Ok(on!(self.conn, c => {
            sqlx::query(END_SESSIONS).bind(self.user.to_string()).bind(ENDED).execute(c).await?.rows_affected()
        }))
    }
}
