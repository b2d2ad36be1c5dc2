//! Errors of the pepper's file, for the server operator.

use crate::server::runtime::files::ReplaceError;
use std::{io, path::PathBuf};

/// Why the server refuses to start, in a sentence for the server operator.
#[derive(Debug, thiserror::Error)]
pub enum PepperError {
    /// The file is missing, and stored keys need it.
    #[error(
        "PEPPER_FILE {0} is missing, and the stored keys cannot be checked without it: restore it from the backup"
    )]
    Missing(PathBuf),
    /// The file holds another pepper.
    #[error("PEPPER_FILE {0} is not the one that the stored keys were made with: restore the right one")]
    Wrong(PathBuf),
    /// The file lacks a version that stored keys need.
    #[error(
        "PEPPER_FILE {path} lacks version {version}, and {keys} stored keys cannot be checked without it: restore the file from the backup"
    )]
    Removed {
        /// The file.
        path: PathBuf,
        /// The version: the number of its line.
        version: i64,
        /// Number of keys stored under it.
        keys: u64,
    },
    /// The file is not a pepper.
    #[error(
        "PEPPER_FILE {0} must hold 64 hexadecimal digits on each line, or - for a version that was removed"
    )]
    Malformed(PathBuf),
    /// The version to remove is not in the file, or is the current one.
    #[error("PEPPER_FILE {path} has no version {version} to remove")]
    NotThere {
        /// The file.
        path: PathBuf,
        /// The version.
        version: i64,
    },
    /// Other users can read it.
    #[error("PEPPER_FILE {path} can be read by others: {advice}")]
    Exposed {
        /// The file.
        path: PathBuf,
        /// What to do.
        advice: String,
    },
    /// A command cannot replace the file.
    #[error("PEPPER_FILE {path} was not changed: {source}")]
    Replace {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: ReplaceError,
    },
    /// The file changed each time it was read.
    #[error("PEPPER_FILE {0} is being changed by a command: start again when it has finished")]
    Changing(PathBuf),
    /// The file cannot be read or created.
    #[error("PEPPER_FILE {path} cannot be used: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
}
