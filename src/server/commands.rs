//! The commands beside serving, for whoever runs the server. They use the database while a server does, never change
//! its tables, and write in one transaction (docs/security.md, S71).

use super::{
    app::Parts,
    config::{Command, Config, MemberCommand, PepperCommand},
    secret::pepper,
    service::teams::{self, NewMember},
    store::{Store, Tables as _},
};
use std::error::Error;

/// Runs a command; returns what it has to say.
///
/// # Errors
/// One sentence that says why it did nothing.
pub async fn run(command: &Command, config: &Config, parts: &Parts) -> Result<String, Box<dyn Error>> {
    match command {
        Command::Member(MemberCommand::Add { account, email, role }) => {
            let store = Store::join(&config.database).await?;
            let now = parts.clock.now();
            let entry_id = parts.rng.bytes();
            let role = *role;
            let member = NewMember { account, email, role };
            let team = teams::add_member(&store, config.limits, member, now, entry_id).await?;
            Ok(format!("{email} is now {} of {}", role.label(), team.name))
        }
        Command::Pepper(command) => pepper_command(command, config, parts).await,
        Command::Demo => Err("serving the demo is no command to run beside a server".into()),
    }
}

async fn pepper_command(
    command: &PepperCommand,
    config: &Config,
    parts: &Parts,
) -> Result<String, Box<dyn Error>> {
    let file = &config.pepper_file;
    match *command {
        PepperCommand::List => {
            let mut reader = Store::join(&config.database).await?.read().await?;
            let versions = reader.peppers().all().await?;
            let lines = versions.iter().map(|stored| {
                let s = if stored.keys == 1 { "" } else { "s" };
                format!("version {}: {} key{s}", stored.version, stored.keys)
            });
            Ok(lines.collect::<Vec<_>>().join("\n"))
        }
        PepperCommand::Add => {
            let version = pepper::add_version(file, parts.rng.as_ref())?;
            Ok(format!(
                "version {version} was added: stop every server, give each the file, start them again; keys move to it as they are used"
            ))
        }
        PepperCommand::Remove { version } => {
            let store = Store::join(&config.database).await?;
            pepper::remove_version(file, &store, version).await?;
            Ok(format!(
                "version {version} was removed: give the file to every server"
            ))
        }
    }
}
