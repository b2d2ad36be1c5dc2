//! The commands and their arguments; `babysea --help` shows the doc comments of variants and fields.

use super::{
    setting::Setting,
    values::{parse_path, parse_role},
};
use crate::domain::role::Role;
use clap::{Args, Subcommand};
use std::path::PathBuf;

/// A command to run instead of the server.
#[derive(Clone, Debug, PartialEq, Eq, Subcommand)]
pub enum Command {
    /// People who have signed up
    #[command(subcommand)]
    User(UserCommand),
    /// People in teams
    #[command(subcommand)]
    Member(MemberCommand),
    /// API keys
    #[command(subcommand)]
    Key(KeyCommand),
    /// The secret that keys are hashed with
    #[command(subcommand)]
    Pepper(PepperCommand),
    /// Back up the database into a new folder, while servers use it
    Backup(BackupCommand),
    /// Replace the database with a backup, while no server uses it
    Restore(RestoreCommand),
    /// Verify a backup, or the database
    Check {
        /// The folder of the backup; without it the database is verified
        #[arg(value_parser = Setting(parse_path))]
        dir: Option<PathBuf>,
    },
    /// Serve a sample team with keys of every status; prints how to sign in
    Demo,
}

/// Arguments of `babysea backup`.
#[derive(Clone, Debug, PartialEq, Eq, Args)]
pub struct BackupCommand {
    /// Folder for the backup; it must not exist yet, or be empty
    #[arg(value_parser = Setting(parse_path))]
    pub dir: PathBuf,
    /// Include the pepper; anyone who has the backup can then create keys
    #[arg(long)]
    pub with_pepper: bool,
}

/// Arguments of `babysea restore`.
#[derive(Clone, Debug, PartialEq, Eq, Args)]
pub struct RestoreCommand {
    /// Folder of the backup
    #[arg(value_parser = Setting(parse_path))]
    pub dir: PathBuf,
    /// Replace an existing database, which is kept under another name
    #[arg(long)]
    pub replace: bool,
    /// Restore without the journal: keys, members and passwords that ended after the backup become valid again
    #[arg(long)]
    pub without_journal: bool,
}

/// Output format of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Args)]
pub struct Listing {
    /// Write a JSON object on each line instead of a table
    #[arg(long)]
    pub json: bool,
}

/// Whether a command asks for confirmation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Args)]
pub struct Asking {
    /// Do not ask for confirmation
    #[arg(long)]
    pub yes: bool,
}

/// People who have signed up.
#[derive(Clone, Debug, PartialEq, Eq, Subcommand)]
pub enum UserCommand {
    /// List people: email, name, sign-up time, and number of sessions
    List {
        /// How
        #[command(flatten)]
        listing: Listing,
    },
    /// Set a new password, read from the terminal or from standard input, and end all sessions of the person
    Password {
        /// The person
        #[arg(long)]
        email: String,
        /// Whether to ask
        #[command(flatten)]
        asking: Asking,
    },
    /// End all sessions of a person
    SignOut {
        /// The person
        #[arg(long)]
        email: String,
        /// Whether to ask
        #[command(flatten)]
        asking: Asking,
    },
}

/// People in teams.
#[derive(Clone, Debug, PartialEq, Eq, Subcommand)]
pub enum MemberCommand {
    /// Add a person who has signed up
    Add {
        /// The team's name in its URL
        #[arg(long)]
        account: String,
        /// The person
        #[arg(long)]
        email: String,
        /// Their role: owner or member
        #[arg(long, value_parser = parse_role)]
        role: Role,
    },
    /// List the people in a team: role, email, name, and since when
    List {
        /// The team's name in its URL
        #[arg(long)]
        account: String,
        /// How
        #[command(flatten)]
        listing: Listing,
    },
    /// Remove a person from a team; the keys they created stay
    Remove {
        /// The team's name in its URL
        #[arg(long)]
        account: String,
        /// The person
        #[arg(long)]
        email: String,
        /// Whether to ask
        #[command(flatten)]
        asking: Asking,
    },
    /// Change the role of a person in a team
    Role {
        /// The team's name in its URL
        #[arg(long)]
        account: String,
        /// The person
        #[arg(long)]
        email: String,
        /// Their role: owner or member
        #[arg(long, value_parser = parse_role)]
        role: Role,
        /// Whether to ask
        #[command(flatten)]
        asking: Asking,
    },
}

/// API keys.
#[derive(Clone, Debug, PartialEq, Eq, Subcommand)]
pub enum KeyCommand {
    /// List keys without their secrets: id, account, status, prefix, name, creator, and times
    List {
        /// Only keys of the account with this name in its URL
        #[arg(long)]
        account: Option<String>,
        /// How
        #[command(flatten)]
        listing: Listing,
    },
    /// Revoke one key, all keys of an account, or all keys of the server
    Revoke {
        /// Which
        #[command(flatten)]
        which: Which,
        /// Reason, kept in the activity
        #[arg(long, default_value = "")]
        reason: String,
        /// Whether to ask
        #[command(flatten)]
        asking: Asking,
    },
}

/// Which keys.
#[derive(Clone, Debug, PartialEq, Eq, Args)]
#[group(required = true, multiple = false)]
pub struct Which {
    /// The key with this id
    #[arg(long)]
    pub key: Option<String>,
    /// All keys of the account with this name in its URL
    #[arg(long)]
    pub account: Option<String>,
    /// All keys of this server
    #[arg(long)]
    pub all: bool,
}

/// The secret that keys are hashed with.
#[derive(Clone, Debug, PartialEq, Eq, Subcommand)]
pub enum PepperCommand {
    /// List the versions, and the number of keys of each
    List,
    /// Add a version; restart the servers to use it
    Add,
    /// Remove a version that no key needs
    Remove {
        /// Its number
        #[arg(long)]
        version: i64,
    },
}
