//! What is wrong with the pepper, for the server operator.

use crate::server::runtime::files::ReplaceError;
use std::{io, path::PathBuf};

/// Why the server refuses to start, in a sentence for the server operator.
#[derive(Debug, thiserror::Error)]
pub enum PepperError {
    /// The file is gone while stored keys need it.
    #[error(
        "PEPPER_FILE {0} is missing, and the stored keys cannot be checked without it: restore it from the backup"
    )]
    Missing(PathBuf),
    /// The file holds another pepper.
    #[error("PEPPER_FILE {0} is not the one that the stored keys were made with: restore the right one")]
    Wrong(PathBuf),
    /// A version that stored keys need is not in the file.
    #[error(
        "PEPPER_FILE {path} lacks version {version}, and {keys} stored keys cannot be checked without it: restore the file from the backup"
    )]
    Removed {
        /// The file.
        path: PathBuf,
        /// The version, which is the number of its line.
        version: i64,
        /// Keys that are stored under it.
        keys: u64,
    },
    /// The file is not a pepper.
    #[error(
        "PEPPER_FILE {0} must hold 64 hexadecimal digits on each line, or - for a version that was removed"
    )]
    Malformed(PathBuf),
    /// A version that is not in the file, or the last one, which new keys are stored under.
    #[error("PEPPER_FILE {path} has no version {version} to remove")]
    NotThere {
        /// The file.
        path: PathBuf,
        /// The version.
        version: i64,
    },
    /// Others may read it.
    #[error("PEPPER_FILE {path} can be read by others: {advice}")]
    Exposed {
        /// The file.
        path: PathBuf,
        /// What to do where it is.
        advice: String,
    },
    /// A command cannot change the file.
    #[error("PEPPER_FILE {path} was not changed: {source}")]
    Replace {
        /// The file.
        path: PathBuf,
        /// Why.
        source: ReplaceError,
    },
    /// The file was another one each time it was read.
    #[error("PEPPER_FILE {0} is being changed by a command: start again when it has finished")]
    Changing(PathBuf),
    /// The file cannot be read or made.
    #[error("PEPPER_FILE {path} cannot be used: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}
