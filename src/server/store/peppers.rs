//! Check values: they show whether the pepper file is the one that the stored keys were hashed with.

use super::{Conn, StoreError, answered, declare, on};
use crate::server::secret::key_hash::StoredVersion;

declare! {
    ANY_KEY = "SELECT COUNT(*) FROM (SELECT 1 FROM api_keys LIMIT 1) AS one";
    ANY = "SELECT COUNT(*) FROM (SELECT 1 FROM pepper_checks LIMIT 1) AS one";
    ALL = "SELECT version, check_value, (SELECT COUNT(*) FROM api_keys WHERE pepper_version = version AND deleted_at IS NULL) AS keys
        FROM pepper_checks ORDER BY version";
    /// A deleted key needs no pepper, because it cannot be used while its request log is being removed.
    MOVE_DELETED = "UPDATE api_keys SET pepper_version = (SELECT MAX(version) FROM pepper_checks WHERE version <> $1)
        WHERE pepper_version = $1 AND deleted_at IS NOT NULL";
    DELETE = "DELETE FROM pepper_checks WHERE version = $1";
    /// Two servers may start at the same time on one database; the first one's value stays.
    INSERT = "INSERT INTO pepper_checks (version, check_value) VALUES ($1, $2) ON CONFLICT (version) DO NOTHING";
}

/// This lock conflicts with itself, but not with inserts of keys under a version.
const POSTGRES_TURN: &str = "LOCK TABLE pepper_checks IN SHARE ROW EXCLUSIVE MODE";

/// The table.
pub struct Peppers<'c>(pub(super) Conn<'c>);

impl Peppers<'_> {
    /// Serialises processes that read or change the pepper, until the transaction ends. SQLite has one
    /// writing transaction at a time anyway.
    pub async fn take_turn(self) -> Result<(), StoreError> {
        if let Conn::Postgres(conn) = self.0 {
            answered(async { Ok::<_, StoreError>(sqlx::query(POSTGRES_TURN).execute(conn).await?) }).await?;
        }
        Ok(())
    }

    /// Whether any key is stored.
    pub async fn any_key(self) -> Result<bool, StoreError> {
        let count: i64 = on!(self.0, c => sqlx::query_scalar(ANY_KEY).fetch_one(c).await?);
        Ok(count > 0)
    }

    /// Whether any version is stored.
    pub async fn any(self) -> Result<bool, StoreError> {
        let count: i64 = on!(self.0, c => sqlx::query_scalar(ANY).fetch_one(c).await?);
        Ok(count > 0)
    }

    /// All versions, and the number of keys stored under each.
    pub async fn all(self) -> Result<Vec<StoredVersion>, StoreError> {
        let rows: Vec<(i64, Vec<u8>, i64)> = on!(self.0, c => sqlx::query_as(ALL).fetch_all(c).await?);
        let stored = |(version, check_value, keys)| StoredVersion {
            version,
            check_value,
            keys,
        };
        Ok(rows.into_iter().map(stored).collect())
    }

    /// Deletes a version.
    ///
    /// # Errors
    /// When keys need it, or the database fails.
    pub async fn delete(self, version: i64) -> Result<(), StoreError> {
        on!(self.0, c => {
            sqlx::query(MOVE_DELETED).bind(version).execute(&mut *c).await?;
            sqlx::query(DELETE).bind(version).execute(c).await?;
        });
        Ok(())
    }

    /// Stores the check value of a pepper version, unless there is one.
    pub async fn insert(self, version: i64, check_value: &[u8]) -> Result<(), StoreError> {
        on!(self.0, c => {
            sqlx::query(INSERT).bind(version).bind(check_value).execute(c).await?;
        });
        Ok(())
    }
}
