//! Check values: they tell whether the pepper file is the one that the stored keys were hashed with.

use super::{Conn, StoreError, declare, on};

declare! {
    ANY_KEY = "SELECT COUNT(*) FROM (SELECT 1 FROM api_keys LIMIT 1) AS one";
    GET = "SELECT check_value FROM pepper_checks WHERE version = $1";
    /// Two servers may start at once on one database; the first one's value stays.
    INSERT = "INSERT INTO pepper_checks (version, check_value) VALUES ($1, $2) ON CONFLICT (version) DO NOTHING";
}

/// The table.
pub struct Peppers<'c>(pub(super) Conn<'c>);

impl Peppers<'_> {
    /// Whether any key is stored.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn any_key(self) -> Result<bool, StoreError> {
        let count: i64 = on!(self.0, c => sqlx::query_scalar(ANY_KEY).fetch_one(c).await?);
        Ok(count > 0)
    }

    /// The check value of a pepper version.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn get(self, version: i64) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(on!(self.0, c => sqlx::query_scalar(GET).bind(version).fetch_optional(c).await?))
    }

    /// Notes the check value of a pepper version, unless there is one.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn insert(self, version: i64, check_value: &[u8]) -> Result<(), StoreError> {
        on!(self.0, c => {
            sqlx::query(INSERT).bind(version).bind(check_value).execute(c).await?;
        });
        Ok(())
    }
}
