//! The commands for the server operator. They use the database while a server does, never change its schema,
//! and write in one transaction (docs/security.md, S71).

mod ask;
mod backup;
mod key;
mod member;
mod table;
mod user;

use super::{
    app::Parts,
    config::{Command, Config, PepperCommand},
    error::ServiceError,
    secret::pepper,
    service::{
        self,
        operator::{Operator, Person},
    },
    store::{ConnectError, Store, Tables as _},
};
use std::error::Error;

/// Runs a command; returns the text to print, which is empty for a list that was printed already.
///
/// # Errors
/// One sentence with the reason of the failure.
pub async fn run(command: &Command, config: &Config, parts: &Parts) -> Result<String, Box<dyn Error>> {
    match command {
        Command::User(command) => {
            let store = join(config).await?;
            user::run(command, &operator(&store, config, parts)).await
        }
        Command::Member(command) => {
            let store = join(config).await?;
            member::run(command, &operator(&store, config, parts)).await
        }
        Command::Key(command) => {
            let store = join(config).await?;
            key::run(command, &operator(&store, config, parts)).await
        }
        Command::Pepper(command) => pepper_command(command, config, parts).await,
        Command::Backup(command) => backup::backup(command, config, parts).await,
        Command::Restore(command) => backup::restore(command, config, parts).await,
        Command::Check { dir } => backup::check(dir.as_deref(), config).await,
        Command::Demo => Err("the demo cannot run beside a server".into()),
    }
}

/// Opens the database while a server uses it.
async fn join(config: &Config) -> Result<Store, ConnectError> {
    Store::join_with(&config.database, config.backup_dir.as_deref()).await
}

const fn operator<'a>(store: &'a Store, config: &'a Config, parts: &'a Parts) -> Operator<'a> {
    Operator { store, config, parts }
}

/// How the confirmation and the result name a person.
fn named(person: &Person) -> String {
    let (name, email) = (table::shown(&person.name), table::shown(&person.email));
    format!("{name} ({email}), who signed up on {}", person.since().day())
}

/// The sentence of an error; for a refused field, its message.
fn sentence(error: ServiceError) -> Box<dyn Error> {
    match error {
        ServiceError::Invalid(fields) => {
            let first = fields.first().and_then(|field| fields.get(field));
            first.unwrap_or("this was refused").to_owned().into()
        }
        other => other.into(),
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
            let mut reader = join(config).await?.read().await?;
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
                "version {version} was added: stop every server, copy the file to each of them, and start them again; \
                 keys are rehashed with it when they are used"
            ))
        }
        PepperCommand::Remove { version } => {
            let store = join(config).await?;
            service::pepper::remove_version(file, &store, version).await?;
            Ok(format!(
                "version {version} was removed: copy the file to every server"
            ))
        }
    }
}
