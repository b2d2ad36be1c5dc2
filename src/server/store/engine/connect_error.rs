//! Why the database could not be opened.

use super::driver_errors;
use crate::server::store::StoreError;
use std::path::PathBuf;

/// Why the database could not be opened, in a sentence for the server operator.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// Another server uses the file (S71).
    #[error("another server is using {0}: stop it first, or give this one another DATA_DIR")]
    InUse(PathBuf),
    /// The file has several hard links.
    #[error(
        "{path} has {names} names (hard links), and SQLite loses data when a file is opened by more than one: remove the others"
    )]
    Names {
        /// The file.
        path: PathBuf,
        /// Number of hard links.
        names: u64,
    },
    /// There is no database yet.
    #[error("there is no database {0}: start the server first")]
    Nothing(PathBuf),
    /// The tables are those of another version.
    #[error("the tables are of another version than this program: start this version's server once")]
    OtherVersion,
    /// The database file or its lock file cannot be opened or created.
    #[error("{}", driver_errors::file(path, source))]
    Files {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// SQLite is too old (S69).
    #[error("SQLite {0} can lose data; 3.51.3 or later is needed")]
    OldSqlite(String),
    /// The database is not usable, or refused a check of the start (S95).
    #[error("{0}")]
    Unfit(String),
    /// The start waited too long for another process.
    #[error("{0}, for more than 60 seconds: end it, or start again later")]
    Waited(&'static str),
    /// A migration failed, or the database is of a later version.
    #[error("{}", driver_errors::migration(.0))]
    Migrate(#[from] sqlx::migrate::MigrateError),
    /// The driver failed.
    #[error("the database cannot be used: {0}")]
    Connect(#[from] sqlx::Error),
    /// Stored data of the product cannot be read.
    #[error("{0}")]
    Store(#[from] StoreError),
}

impl ConnectError {
    /// What another session holds, for errors that a retry can resolve.
    pub(super) fn passes(&self) -> Option<&'static str> {
        use sqlx::migrate::MigrateError::{Execute, ExecuteMigration};
        let error = match self {
            Self::Waited(cause) => return Some(cause),
            Self::Connect(error) | Self::Migrate(Execute(error) | ExecuteMigration(error, _)) => error,
            _ => return None,
        };
        let code = error.as_database_error()?.code()?;
        match &*code {
            "55P03" | "40P01" => Some("another session holds a lock on the tables"),
            code if code.len() < 5 && matches!(driver_errors::sqlite_code(error), Some(5 | 6)) => {
                Some("another program holds the database file locked")
            }
            _ => None,
        }
    }

    /// Replaces a driver's error by a sentence.
    pub(super) fn explained(self, sentence: impl Fn(&sqlx::Error) -> String) -> Self {
        use sqlx::migrate::MigrateError::{Execute, ExecuteMigration};
        match &self {
            Self::Connect(error) | Self::Migrate(Execute(error) | ExecuteMigration(error, _)) => {
                Self::Unfit(sentence(error))
            }
            _ => self,
        }
    }
}
