//! The commands beside serving, and what they take.

use super::values::parse_role;
use crate::domain::role::Role;
use clap::Subcommand;

/// What the program does instead of serving.
#[derive(Clone, Debug, PartialEq, Eq, Subcommand)]
pub enum Command {
    /// People in teams
    #[command(subcommand)]
    Member(MemberCommand),
    /// The secret that keys are hashed with
    #[command(subcommand)]
    Pepper(PepperCommand),
    /// Serve a sample team with keys of every kind; prints how to sign in
    Demo,
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
