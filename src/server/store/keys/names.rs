//! What searches compare of keys' names. The rule (`domain::search::fold`) is the program's and not the database's, and
//! rows of earlier versions have another form, so the stored form is compared and corrected in the background
//! (`crate::server::jobs`).

use crate::{
    domain::{ids::KeyId, search::fold},
    server::store::{Conn, StoreError, declare, on},
};

declare! {
    AFTER = "SELECT id, name, name_key FROM api_keys WHERE id > $1 AND deleted_at IS NULL ORDER BY id LIMIT $2";
    WRITE = "UPDATE api_keys SET name_key = $3 WHERE id = $1 AND name = $2 AND deleted_at IS NULL";
}

/// The name of a key, and what searches compare.
#[derive(Debug, sqlx::FromRow)]
pub struct StoredName {
    id: String,
    name: String,
    name_key: String,
}

impl StoredName {
    /// The key's id.
    pub fn key(&self) -> Result<KeyId, StoreError> {
        self.id.parse().map_err(|_| StoreError::Unreadable("api_keys.id"))
    }

    /// Whether searches compare another form than this version's.
    #[must_use]
    pub fn is_outdated(&self) -> bool {
        self.name_key != fold(&self.name)
    }
}

/// The names of keys.
pub struct KeyNames<'c>(pub(in crate::server::store) Conn<'c>);

impl KeyNames<'_> {
    /// The next `limit` names after a key, ordered by id.
    pub async fn after(self, key: Option<KeyId>, limit: u32) -> Result<Vec<StoredName>, StoreError> {
        Ok(on!(self.0, c => {
            sqlx::query_as(AFTER)
                .bind(key.map_or_else(String::new, |id| id.to_string()))
                .bind(i64::from(limit))
                .fetch_all(c)
                .await?
        }))
    }

    /// Writes the form of this version for one name, unless the name has changed meanwhile.
    pub async fn fold(self, name: &StoredName) -> Result<(), StoreError> {
        on!(self.0, c => {
            sqlx::query(WRITE)
                .bind(&name.id)
                .bind(&name.name)
                .bind(fold(&name.name))
                .execute(c)
                .await?;
        });
        Ok(())
    }
}
