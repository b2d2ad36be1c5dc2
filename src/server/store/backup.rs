//! Copying the database into a backup, and restoring it (docs/security.md, S82). `server::backups` handles
//! the folder and the manifest.

mod destination;
mod facts;
mod postgres;
mod schema;
mod sqlite;
mod turn;

pub use destination::{Destination, kept_name};
pub use facts::{Applied, Facts, Fault, Problem};
pub use postgres::{Emptied, Load, Snapshot};
pub use schema::{Engine, Unknown, judge};
pub use sqlite::{CopiedFile, copy_sqlite, verify_sqlite};
pub use turn::Turn;

use super::{
    ConnectError, Store, StoreError, Tables as _, declare,
    engine::{driver_errors, pools::Pools},
};
use std::{
    io,
    path::{Path, PathBuf},
};

declare! {
    MIGRATIONS = "SELECT version, checksum FROM _sqlx_migrations ORDER BY version";
}

/// The tables of a backup, each with the statement that counts its rows; ordered so that rows come after the
/// rows they refer to.
const TABLES: &[(&str, &str)] = &[
    ("users", "SELECT COUNT(*) FROM users"),
    ("accounts", "SELECT COUNT(*) FROM accounts"),
    ("memberships", "SELECT COUNT(*) FROM memberships"),
    ("pepper_checks", "SELECT COUNT(*) FROM pepper_checks"),
    ("api_keys", "SELECT COUNT(*) FROM api_keys"),
    ("sent_forms", "SELECT COUNT(*) FROM sent_forms"),
    ("request_logs", "SELECT COUNT(*) FROM request_logs"),
    ("request_log_gaps", "SELECT COUNT(*) FROM request_log_gaps"),
    ("activity", "SELECT COUNT(*) FROM activity"),
    ("unowned_refusals", "SELECT COUNT(*) FROM unowned_refusals"),
    ("sign_in_waits", "SELECT COUNT(*) FROM sign_in_waits"),
    ("key_changes", "SELECT COUNT(*) FROM key_changes"),
    ("changed_keys", "SELECT COUNT(*) FROM changed_keys"),
    ("journal", "SELECT COUNT(*) FROM journal"),
    ("outbox", "SELECT COUNT(*) FROM outbox"),
];

/// Tables whose rows have no meaning in another database: after a restore everyone signs in again, and the
/// servers are others.
const LEFT_OUT: &[&str] = &["sessions", "servers", "health"];

/// The tables of a backup, and those that it leaves out.
#[must_use]
pub fn tables() -> (Vec<&'static str>, &'static [&'static str]) {
    (TABLES.iter().map(|&(name, _)| name).collect(), LEFT_OUT)
}

/// Why a database could not be copied, verified or restored.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// The error of the database or the file system, in a sentence.
    #[error("{0}")]
    Failed(String),
    /// Cancelled: the receiver is gone.
    #[error("it was stopped")]
    Stopped,
    /// The database could not be opened.
    #[error(transparent)]
    Connect(#[from] ConnectError),
}

impl From<sqlx::Error> for CopyError {
    fn from(error: sqlx::Error) -> Self {
        Self::Failed(match &error {
            sqlx::Error::Database(refused) if refused.code().is_some_and(|code| code.len() == 5) => {
                format!(
                    "PostgreSQL refused ({}): {refused}",
                    refused.code().unwrap_or_default()
                )
            }
            error => match driver_errors::sqlite_code(error) {
                Some(11 | 26) => "the database is damaged: restore a backup".to_owned(),
                Some(13) => "the disk of the database is full: free some space".to_owned(),
                _ => format!("the database cannot be used: {error}"),
            },
        })
    }
}

impl From<StoreError> for CopyError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Broken(error) => error.into(),
            other => Self::Failed(other.to_string()),
        }
    }
}

impl CopyError {
    /// A sentence about a file that could not be written or read.
    #[must_use]
    pub fn of_file(path: &Path, error: &io::Error) -> Self {
        let path = path.display();
        Self::Failed(match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                format!("the disk of {path} is full: free some space")
            }
            _ => format!("{path} cannot be used: {error}"),
        })
    }
}

impl Store {
    /// Which engine it is.
    #[must_use]
    pub const fn kind(&self) -> Engine {
        match self.pools {
            Pools::Sqlite { .. } => Engine::Sqlite,
            Pools::Postgres(_) => Engine::Postgres,
        }
    }

    /// Facts about an SQLite file that servers and commands use, and its orphaned rows.
    pub async fn survey(&self) -> Result<(Facts, Fault), CopyError> {
        let mut reader = self.read().await?;
        let facts = Facts::read(reader.conn(), true).await?;
        Ok((facts, facts::orphans(reader.conn()).await?))
    }

    /// The SQLite file, also of a command; nothing on PostgreSQL.
    #[must_use]
    pub fn sqlite_file(&self) -> Option<PathBuf> {
        match &self.pools {
            Pools::Sqlite { write, .. } => Some(write.connect_options().get_filename().to_owned()),
            Pools::Postgres(_) => None,
        }
    }
}
