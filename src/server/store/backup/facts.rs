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

/// What is wrong with a database: a few problems, and nothing where it is well.
pub type Fault = Vec<Problem>;

/// References between tables: their description, and the statement that counts dangling ones.
macro_rules! references {
    ($($child:ident.$column:ident => $parent:ident.$id:ident),* $(,)?) => {
        const REFERENCES: &[(&str, &str)] = &[$((
            concat!(stringify!($child), ".", stringify!($column)),
            concat!(
                "SELECT COUNT(*) FROM ", stringify!($child), " AS child WHERE child.", stringify!($column),
                " IS NOT NULL AND NOT EXISTS (SELECT 1 FROM ", stringify!($parent), " AS parent WHERE parent.",
                stringify!($id), " = child.", stringify!($column), ")"
            ),
        )),*];
    };
}

references![
    accounts.primary_owner_id => users.id,
    memberships.account_id => accounts.id,
    memberships.user_id => users.id,
    api_keys.account_id => accounts.id,
    api_keys.pepper_version => pepper_checks.version,
    api_keys.creator_id => users.id,
    api_keys.replaces_id => api_keys.id,
    sent_forms.account_id => accounts.id,
    request_logs.key_id => api_keys.id,
    activity.account_id => accounts.id,
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
