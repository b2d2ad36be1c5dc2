//! Sessions of the dashboard, looked up by the SHA-256 of the cookie's value (docs/security.md, S8).

use crate::{
    domain::{ids::UserId, time::Timestamp},
    server::store::{Conn, StoreError, declare, on},
};

declare! {
    INSERT = "INSERT INTO sessions (id_hash, user_id, data, last_seen_at, ends_at) VALUES ($1, $2, $3, $4, $5)";
    /// Never an insert: an ended session must not come back (S12).
    UPDATE = "UPDATE sessions SET user_id = $2, data = $3 WHERE id_hash = $1";
    LIVE = "SELECT data, last_seen_at FROM sessions WHERE id_hash = $1 AND last_seen_at > $2 AND ends_at > $3";
    TOUCH = "UPDATE sessions SET last_seen_at = $2 WHERE id_hash = $1 AND last_seen_at < $2";
    DELETE = "DELETE FROM sessions WHERE id_hash = $1";
    /// All sessions of a person except the newest.
    TRIM = "DELETE FROM sessions WHERE id_hash IN
        (SELECT id_hash FROM sessions WHERE user_id = $1 ORDER BY last_seen_at DESC LIMIT $3 OFFSET $2)";
}

/// Maximum number of sessions that one statement ends.
const TRIMMED: i64 = 1_000;

/// SHA-256 of a session's id.
pub type IdHash = [u8; 32];

/// A session to be stored.
pub struct NewSession<'a> {
    /// Hash of its id.
    pub id_hash: &'a IdHash,
    /// The signed-in person.
    pub user: Option<UserId>,
    /// Its values, as JSON.
    pub data: &'a str,
    /// Creation time.
    pub now: Timestamp,
    /// Its absolute end.
    pub ends_at: Timestamp,
}

/// A session that is neither idle for too long nor past its end.
#[derive(sqlx::FromRow)]
pub struct Live {
    /// Its values, as JSON.
    pub data: String,
    /// Milliseconds since 1970 of the last touch.
    pub last_seen_at: i64,
}

/// The table.
pub struct Sessions<'c>(pub(in crate::server::store) Conn<'c>);

impl Sessions<'_> {
    /// Adds a session.
    ///
    /// # Errors
    /// `Taken` when the id exists.
    pub async fn insert(self, new: &NewSession<'_>) -> Result<(), StoreError> {
        on!(self.0, c => {
            sqlx::query(INSERT)
                .bind(&new.id_hash[..])
                .bind(new.user.map(|id| id.to_string()))
                .bind(new.data)
                .bind(new.now.millis())
                .bind(new.ends_at.millis())
                .execute(c)
                .await?;
        });
        Ok(())
    }

    /// Replaces the values of an existing session; a missing one is not created.
    pub async fn update(self, id: &IdHash, user: Option<UserId>, data: &str) -> Result<(), StoreError> {
        on!(self.0, c => {
            sqlx::query(UPDATE)
                .bind(&id[..])
                .bind(user.map(|id| id.to_string()))
                .bind(data)
                .execute(c)
                .await?;
        });
        Ok(())
    }

    /// The session, if it was used after `seen_after` and ends after `now`.
    pub async fn live(
        self,
        id: &IdHash,
        seen_after: Timestamp,
        now: Timestamp,
    ) -> Result<Option<Live>, StoreError> {
        Ok(on!(self.0, c => {
            sqlx::query_as::<_, Live>(LIVE)
                .bind(&id[..])
                .bind(seen_after.millis())
                .bind(now.millis())
                .fetch_optional(c)
                .await?
        }))
    }

    /// Updates the last use of a session.
    pub async fn touch(self, id: &IdHash, now: Timestamp) -> Result<(), StoreError> {
        on!(self.0, c => {
            sqlx::query(TOUCH).bind(&id[..]).bind(now.millis()).execute(c).await?;
        });
        Ok(())
    }

    /// Ends a session.
    pub async fn delete(self, id: &IdHash) -> Result<(), StoreError> {
        on!(self.0, c => {
            sqlx::query(DELETE).bind(&id[..]).execute(c).await?;
        });
        Ok(())
    }

    /// Ends the sessions of a person except the `kept` last used ones; if there are very many, only some of
    /// them.
    pub async fn trim(self, user: UserId, kept: u32) -> Result<(), StoreError> {
        on!(self.0, c => {
            sqlx::query(TRIM)
                .bind(user.to_string())
                .bind(i64::from(kept))
                .bind(TRIMMED)
                .execute(c)
                .await?;
        });
        Ok(())
    }
}
