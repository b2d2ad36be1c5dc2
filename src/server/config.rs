//! The configuration, from environment variables and flags; `babysea --help` lists it. An invalid value
//! prevents the start.

pub mod catalog_file;
mod command;
mod explain;
pub mod listening;
mod options;
mod origin;
pub mod promises;
mod setting;
pub mod trusted_proxies;
mod values;

pub use command::{
    Asking, BackupCommand, Command, KeyCommand, Listing, MemberCommand, PepperCommand, RestoreCommand,
    UserCommand, Which,
};
pub use explain::explain;
pub use options::Options;
pub use origin::{Origin, canonical as canonical_origin};

use super::{runtime::logging::LogFormat, store::Location};
use clap::ValueEnum;
use origin::parse_origin;
use std::{net::SocketAddr, path::PathBuf, time::Duration};
use trusted_proxies::ProxySource;

/// Caps on what people create.
#[derive(Clone, Copy, Debug)]
pub struct AccountCaps {
    /// Live keys of an account.
    pub keys: u32,
    /// Members of a team, including its primary owner.
    pub members: u32,
    /// Accounts of one person.
    pub accounts: u32,
}

/// Requests a minute; `None` is unlimited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateLimit(pub Option<u32>);

/// Sign-ups an hour; `None` is unlimited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SignUpLimit(pub Option<u32>);

/// Who may sign up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum SignUp {
    /// Anyone who can reach the server.
    Open,
    /// Only invited people.
    Invited,
}

/// The configuration in effect.
#[derive(Clone, Debug)]
pub struct Config {
    /// Address and port to listen on; port 0 takes any free port.
    pub listen: SocketAddr,
    /// Configured origin; derived from the listener's address when absent.
    pub public_url: Option<Origin>,
    /// The database.
    pub database: Location,
    /// Folder for files outside the database.
    pub data_dir: PathBuf,
    /// The pepper's file.
    pub pepper_file: PathBuf,
    /// The catalogue's file; the vendor's catalogue when absent.
    pub catalog: Option<PathBuf>,
    /// Name of the product on every page.
    pub brand: String,
    /// Prefix of new keys.
    pub key_prefix: String,
    /// Who may sign up.
    pub sign_up: SignUp,
    /// Minimum length of a password, in characters.
    pub password_min: usize,
    /// Idle time after which a session ends.
    pub session_idle: Duration,
    /// Age at which a session ends.
    pub session_max: Duration,
    /// Proxies whose `X-Forwarded-For` is trusted.
    pub trusted_proxies: ProxySource,
    /// Rate limit of an account: requests a minute of all its keys.
    pub rate_limit: RateLimit,
    /// How long cached keys are still accepted while the database is unavailable (docs/security.md, S75).
    pub stale_if_db_down: Duration,
    /// Listener for Prometheus; none when absent.
    pub metrics_listen: Option<SocketAddr>,
    /// Time after which an idle connection is closed.
    pub idle_timeout: Duration,
    /// Drain time after SIGTERM, during which requests are still answered.
    pub drain: Duration,
    /// Cap on open connections; derived from the open-file limit when absent.
    pub max_connections: Option<u32>,
    /// Cap on open connections of one address.
    pub max_connections_per_ip: u32,
    /// Memory budget for all request bodies together, in bytes.
    pub max_body_bytes: u32,
    /// Format of the log.
    pub log_format: LogFormat,
    /// Limit of unknown keys from one address, a minute.
    pub auth_limit: u32,
    /// Limit of sign-ups from one address, an hour.
    pub sign_up_limit: SignUpLimit,
    /// Age at which request log rows are deleted.
    pub log_retention: Duration,
    /// Folder for scheduled backups and for a copy of the journal of an SQLite file. Without it, neither is
    /// written.
    pub backup_dir: Option<PathBuf>,
    /// Interval between scheduled backups.
    pub backup_every: Duration,
    /// Number of scheduled backups to keep.
    pub backup_keep: u32,
    /// Caps on what people create.
    pub caps: AccountCaps,
}

impl Config {
    /// Reads the command line and the environment. Returns the command to run instead of the server, if there
    /// is one.
    ///
    /// # Errors
    /// The text of `--help` or `--version`, or one sentence that names the invalid setting.
    pub fn from_process() -> Result<(Self, Option<Command>), clap::Error> {
        let mut options = setting::read(std::env::args_os())?;
        let command = options.command.take();
        Ok((options.into(), command))
    }

    /// Reads these arguments, without the environment.
    ///
    /// # Errors
    /// As for [`Config::from_process`].
    pub fn from_arguments<I: IntoIterator<Item = T>, T: Into<std::ffi::OsString> + Clone>(
        arguments: I,
    ) -> Result<Self, clap::Error> {
        setting::read_alone(arguments.into_iter().map(Into::into)).map(Self::from)
    }

    /// The origin that browsers use; `bound` is the address of the listener.
    ///
    /// # Errors
    /// When it would be http on an address that other machines can reach (docs/security.md, S9).
    pub fn origin(&self, bound: SocketAddr) -> Result<Origin, String> {
        match &self.public_url {
            Some(origin) => Ok(origin.clone()),
            None => parse_origin(&format!("http://{bound}")).map_err(|_| {
                format!(
                    "PUBLIC_URL is not set, and LISTEN {bound} is open to other machines: give PUBLIC_URL the https address that browsers use"
                )
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(arguments: &[&str]) -> Result<Config, String> {
        let all = ["babysea"].iter().chain(arguments);
        Config::from_arguments(all).map_err(|error| error.to_string())
    }

    #[test]
    fn the_data_folder_holds_what_is_not_placed_elsewhere() {
        let config = config(&["--data-dir", "/srv/keys"]).expect("defaults");
        assert_eq!(config.database, Location::Sqlite("/srv/keys/babysea.db".into()));
        assert_eq!(config.pepper_file, PathBuf::from("/srv/keys/pepper"));
    }

    #[test]
    fn listening_for_others_needs_a_public_url() {
        let any: SocketAddr = "0.0.0.0:3000".parse().expect("an address");
        let refused = config(&[])
            .expect("defaults")
            .origin(any)
            .expect_err("http for others");
        assert!(refused.contains("PUBLIC_URL"), "{refused}");
        let given = config(&["--public-url", "https://keys.example.com"]).expect("a URL");
        assert_eq!(
            given.origin(any).expect("https").as_str(),
            "https://keys.example.com"
        );
    }

    #[test]
    fn a_wrong_value_names_its_variable_and_hides_the_database() {
        for (flag, value, name) in [
            ("--listen", "3000", "LISTEN"),
            ("--public-url", "http://keys.example.com", "PUBLIC_URL"),
            ("--key-prefix", "Bye", "KEY_PREFIX"),
            ("--password-min", "7", "PASSWORD_MIN"),
            ("--sign-up", "closed", "SIGN_UP"),
            ("--session-idle-hours", "0", "SESSION_IDLE_HOURS"),
            (
                "--trusted-proxies",
                "10.0.0.0/8, proxy.example",
                "TRUSTED_PROXIES",
            ),
            ("--rate-limit", "0", "RATE_LIMIT"),
            ("--rate-limit", "no", "RATE_LIMIT"),
            ("--stale-if-db-down", "301", "STALE_IF_DB_DOWN"),
            ("--idle-timeout", "0", "IDLE_TIMEOUT"),
            ("--drain-seconds", "soon", "DRAIN_SECONDS"),
            ("--max-connections", "0", "MAX_CONNECTIONS"),
            ("--max-connections-per-ip", "many", "MAX_CONNECTIONS_PER_IP"),
            ("--max-body-bytes", "64 MiB", "MAX_BODY_BYTES"),
            ("--auth-limit", "0", "AUTH_LIMIT"),
            ("--sign-up-limit", "0", "SIGN_UP_LIMIT"),
            ("--sign-up-limit", "many", "SIGN_UP_LIMIT"),
            ("--log-retention-days", "none", "LOG_RETENTION_DAYS"),
            ("--backup-every", "24", "BACKUP_EVERY"),
            ("--backup-keep", "0", "BACKUP_KEEP"),
        ] {
            let error = setting::read_all(["babysea", flag, value]).err().expect(flag);
            let sentence = explain(&error).expect("an error");
            assert!(sentence.starts_with(name), "{sentence}");
            assert_eq!(sentence.lines().count(), 1, "{sentence}");
        }
        let error = setting::read_all(["babysea", "--database-url", "mysql://u:hunter2@h/d"]).err();
        let sentence = explain(&error.expect("a wrong value")).expect("an error");
        assert!(
            sentence.starts_with("DATABASE_URL") && !sentence.contains("hunter2"),
            "{sentence}"
        );
        let help = setting::read_all(["babysea", "--help"]).err().expect("the help");
        assert_eq!(explain(&help), None);
    }
}
