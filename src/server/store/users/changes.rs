//! What ends the ways in of a person: another password, and the end of all their sessions. Each such change is written to
//! the outbox when its transaction ends.

use crate::{
    domain::ids::UserId,
    server::store::{Conn, StoreError, declare, on},
};

declare! {
    SET_PASSWORD_HASH = "UPDATE users SET password_hash = $2 WHERE id = $1";
    END_SESSIONS = "DELETE FROM sessions WHERE id_hash IN
        (SELECT id_hash FROM sessions WHERE user_id = $1 LIMIT $2)";
}

/// Sessions that one statement ends at most; a person has fewer.
const ENDED: i64 = 1_000;

/// A person who is to change, from [`crate::server::store::Tx::change_person`].
pub struct PersonChange<'c> {
    pub(in crate::server::store) conn: Conn<'c>,
    pub(in crate::server::store) user: UserId,
}

impl PersonChange<'_> {
    /// Replaces the password's hash.
    pub async fn set_password_hash(self, hash: &str) -> Result<(), StoreError> {
        on!(self.conn, c => {
            sqlx::query(SET_PASSWORD_HASH).bind(self.user.to_string()).bind(hash).execute(c).await?;
        });
        Ok(())
    }

    /// Ends sessions of the person, 1,000 at most; returns how many. The journal has no sessions: with the change they have
    /// a number there, and all sessions end where an older database comes back.
    pub async fn end_sessions(self) -> Result<u64, StoreError> {
        Ok(on!(self.conn, c => {
            sqlx::query(END_SESSIONS).bind(self.user.to_string()).bind(ENDED).execute(c).await?.rows_affected()
        }))
    }
}
