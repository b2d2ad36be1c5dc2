//! The commands beside serving, and what they take.

use super::{
    setting::Setting,
    values::{parse_path, parse_role},
};
use crate::domain::role::Role;
use clap::{Args, Subcommand};
use std::path::PathBuf;

/// What the program does instead of serving.
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
    /// Back the database up into a folder of its own, while servers use it
    Backup(BackupCommand),
    /// Put a backup in the place of the database, which no server uses meanwhile
    Restore(RestoreCommand),
    /// Verify a backup, or the database
    Check {
        /// The folder of the backup; without it the database is verified
        #[arg(value_parser = Setting(parse_path))]
        dir: Option<PathBuf>,
    },
    /// Serve a sample team with keys of every kind; prints how to sign in
    Demo,
}

/// A backup to be made.
#[derive(Clone, Debug, PartialEq, Eq, Args)]
pub struct BackupCommand {
    /// Its folder, which must not exist yet, or be empty
    #[arg(value_parser = Setting(parse_path))]
    pub dir: PathBuf,
    /// Put the pepper into it too; whoever has both can make keys
    #[arg(long)]
    pub with_pepper: bool,
}

/// A backup to be put back.
#[derive(Clone, Debug, PartialEq, Eq, Args)]
pub struct RestoreCommand {
    /// Its folder
    #[arg(value_parser = Setting(parse_path))]
    pub dir: PathBuf,
    /// Keep the database that is there under another name, instead of refusing
    #[arg(long)]
    pub replace: bool,
    /// Restore although nothing tells which keys, members and passwords ended after the backup
    #[arg(long)]
    pub without_journal: bool,
}

/// How a list is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Args)]
pub struct Listing {
    /// Write a JSON object on each line instead of a table
    #[arg(long)]
    pub json: bool,
}

/// Whether a command asks before it does something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Args)]
pub struct Asking {
    /// Do it without asking
    #[arg(long)]
    pub yes: bool,
}

/// People who have signed up.
#[derive(Clone, Debug, PartialEq, Eq, Subcommand)]
pub enum UserCommand {
    /// List everybody: address, name, since when, and in how many browsers they are signed in
    List {
        /// How
        #[command(flatten)]
        listing: Listing,
    },
    /// Give somebody another password, read from the terminal or from standard input; signs them out everywhere
    Password {
        /// The person
        #[arg(long)]
        email: String,
        /// Whether to ask
        #[command(flatten)]
        asking: Asking,
    },
    /// Sign somebody out everywhere
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
    /// Add somebody who has signed up
    Add {
        /// The team, as in its address
        #[arg(long)]
        account: String,
        /// The person
        #[arg(long)]
        email: String,
        /// What they become there: owner or member
        #[arg(long, value_parser = parse_role)]
        role: Role,
    },
    /// List who is in a team: role, address, name, and since when
    List {
        /// The team, as in its address
        #[arg(long)]
        account: String,
        /// How
        #[command(flatten)]
        listing: Listing,
    },
    /// Take somebody out of a team; the keys they made stay with it
    Remove {
        /// The team, as in its address
        #[arg(long)]
        account: String,
        /// The person
        #[arg(long)]
        email: String,
        /// Whether to ask
        #[command(flatten)]
        asking: Asking,
    },
    /// Give somebody in a team another role
    Role {
        /// The team, as in its address
        #[arg(long)]
        account: String,
        /// The person
        #[arg(long)]
        email: String,
        /// What they become there: owner or member
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
    /// List keys, without their secrets: id, account, state, beginning, name, who made it and when
    List {
        /// Only those of this account, as in its address
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
        /// Why, for the activity
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
    /// All keys of this account, as in its address
    #[arg(long)]
    pub account: Option<String>,
    /// All keys of this server
    #[arg(long)]
    pub all: bool,
}

/// The secret that keys are hashed with.
#[derive(Clone, Debug, PartialEq, Eq, Subcommand)]
pub enum PepperCommand {
    /// Show the versions and how many keys are stored under each
    List,
    /// Add a version; start the servers again to use it for new keys
    Add,
    /// Remove a version that no key needs
    Remove {
        /// Its number
        #[arg(long)]
        version: i64,
    },
}
