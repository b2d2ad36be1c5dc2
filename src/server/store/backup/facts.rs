//! Facts about a database, to compare a copy with it: its migrations, newest change, check values and number
//! of rows; and rows with a dangling reference.

use super::super::{Conn, engine::peers, on, peppers::Peppers};
use super::{CopyError, MIGRATIONS, TABLES};
use crate::server::secret::key_hash::StoredVersion;

/// A migration that was run.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Applied {
    /// Its number.
    pub version: i64,
    /// The checksum of its statements.
    pub checksum: Vec<u8>,
}

/// Facts about a database as of one moment.
#[derive(Debug)]
pub struct Facts {
    /// The migrations, the first one first.
    pub migrations: Vec<Applied>,
    /// The number of the newest change.
    pub newest_change: i64,
    /// The versions of the pepper.
    pub peppers: Vec<StoredVersion>,
    /// Rows of each table of a backup.
    pub rows: Vec<(&'static str, u64)>,
}

/// A problem of a database, in a sentence.
pub type Problem = String;

/// The problems of a database, a few of them at most; empty if there is none.
pub type Fault = Vec<Problem>;

/// References between tables: their description, and the statement that counts dangling ones.
const REFERENCES: &[(&str, &str)] = &[
    (
        "accounts.primary_owner_id",
        "SELECT COUNT(*) FROM accounts AS child WHERE child.primary_owner_id IS NOT NULL
            AND NOT EXISTS (SELECT 1 FROM users AS parent WHERE parent.id = child.primary_owner_id)",
    ),
    (
        "memberships.account_id",
        "SELECT COUNT(*) FROM memberships AS child WHERE child.account_id IS NOT NULL
            AND NOT EXISTS (SELECT 1 FROM accounts AS parent WHERE parent.id = child.account_id)",
    ),
    (
        "memberships.user_id",
        "SELECT COUNT(*) FROM memberships AS child WHERE child.user_id IS NOT NULL
            AND NOT EXISTS (SELECT 1 FROM users AS parent WHERE parent.id = child.user_id)",
    ),
    (
        "api_keys.account_id",
        "SELECT COUNT(*) FROM api_keys AS child WHERE child.account_id IS NOT NULL
            AND NOT EXISTS (SELECT 1 FROM accounts AS parent WHERE parent.id = child.account_id)",
    ),
    (
        "api_keys.pepper_version",
        "SELECT COUNT(*) FROM api_keys AS child WHERE child.pepper_version IS NOT NULL
            AND NOT EXISTS (SELECT 1 FROM pepper_checks AS parent WHERE parent.version = child.pepper_version)",
    ),
    (
        "api_keys.creator_id",
        "SELECT COUNT(*) FROM api_keys AS child WHERE child.creator_id IS NOT NULL
            AND NOT EXISTS (SELECT 1 FROM users AS parent WHERE parent.id = child.creator_id)",
    ),
    (
        "api_keys.replaces_id",
        "SELECT COUNT(*) FROM api_keys AS child WHERE child.replaces_id IS NOT NULL
            AND NOT EXISTS (SELECT 1 FROM api_keys AS parent WHERE parent.id = child.replaces_id)",
    ),
    (
        "sent_forms.account_id",
        "SELECT COUNT(*) FROM sent_forms AS child WHERE child.account_id IS NOT NULL
            AND NOT EXISTS (SELECT 1 FROM accounts AS parent WHERE parent.id = child.account_id)",
    ),
    (
        "request_logs.key_id",
        "SELECT COUNT(*) FROM request_logs AS child WHERE child.key_id IS NOT NULL
            AND NOT EXISTS (SELECT 1 FROM api_keys AS parent WHERE parent.id = child.key_id)",
    ),
    (
        "activity.account_id",
        "SELECT COUNT(*) FROM activity AS child WHERE child.account_id IS NOT NULL
            AND NOT EXISTS (SELECT 1 FROM accounts AS parent WHERE parent.id = child.account_id)",
    ),
];

/// The same connection once more.
pub(super) fn again<'a>(conn: &'a mut Conn<'_>) -> Conn<'a> {
    match conn {
        Conn::Sqlite(conn) => Conn::Sqlite(conn),
        Conn::Postgres(conn) => Conn::Postgres(conn),
    }
}

impl Facts {
    /// Reads them; the rows only with `count`, which reads every table.
    pub(super) async fn read(mut conn: Conn<'_>, count: bool) -> Result<Self, CopyError> {
        let migrations =
            on!(again(&mut conn), c => sqlx::query_as::<_, Applied>(MIGRATIONS).fetch_all(c).await?);
        let newest_change = peers::epoch(again(&mut conn)).await?;
        let peppers = Peppers(again(&mut conn)).all().await?;
        let mut rows = Vec::new();
        for &(name, sql) in TABLES.iter().filter(|_| count) {
            let found: i64 = on!(again(&mut conn), c => sqlx::query_scalar(sql).fetch_one(c).await?);
            rows.push((name, found.unsigned_abs()));
        }
        Ok(Self {
            migrations,
            newest_change,
            peppers,
            rows,
        })
    }
}

/// Finds rows that refer to missing rows.
pub(super) async fn orphans(mut conn: Conn<'_>) -> Result<Fault, CopyError> {
    let mut fault = Vec::new();
    for &(what, sql) in REFERENCES {
        let found: i64 = on!(again(&mut conn), c => sqlx::query_scalar(sql).fetch_one(c).await?);
        if found > 0 {
            fault.push(format!("{found} values of {what} refer to missing rows"));
        }
    }
    Ok(fault)
}
