//! What can be set, by environment or flag; `babysea --help` lists it. A wrong value stops the start.

mod command;
mod explain;
mod origin;
mod values;

pub use command::{Command, MemberCommand, PepperCommand};
pub use explain::explain;
pub use origin::Origin;

use super::{client::TrustedProxies, store::Location};
use crate::domain::password;
use clap::{Parser, ValueEnum};
use origin::parse_origin;
use std::{net::SocketAddr, path::PathBuf, time::Duration};
use values::{
    parse_brand, parse_location, parse_minimum, parse_prefix, parse_rate_limit, parse_sign_up_limit,
};

/// Command line and environment as given. It has no `Debug`: the database's address may hold a password.
#[derive(Parser)]
#[command(
    name = "babysea",
    version,
    about = "An API keys dashboard, and the server that checks the keys",
    long_about = "An API keys dashboard, and the server that checks the keys. Without a command it serves.",
    subcommand_value_name = "COMMAND"
)]
pub struct Options {
    /// What to do instead of serving
    #[command(subcommand)]
    command: Option<Command>,

    /// Address and port to listen on
    #[arg(long, env = "LISTEN", default_value = "127.0.0.1:3000")]
    listen: SocketAddr,

    /// Where browsers find this server; http only on this machine itself [default: http:// and LISTEN]
    #[arg(long, env = "PUBLIC_URL", value_parser = parse_origin)]
    public_url: Option<Origin>,

    /// Database: a `postgres://` address, or `sqlite:FILE` [default: babysea.db in `DATA_DIR`]
    #[arg(long, global = true, env = "DATABASE_URL", hide_env_values = true, value_parser = parse_location)]
    database_url: Option<Location>,

    /// Folder for the SQLite file and the pepper; made if it does not exist
    #[arg(long, global = true, env = "DATA_DIR", default_value = "./data")]
    data_dir: PathBuf,

    /// File with the secret that keys are hashed with; made on the first start [default: `DATA_DIR`/pepper]
    #[arg(long, global = true, env = "PEPPER_FILE")]
    pepper_file: Option<PathBuf>,

    /// TOML file with the scopes, presets and routes of your API; read again on SIGHUP [default: the vendor's]
    #[arg(long, env = "CATALOG")]
    catalog: Option<PathBuf>,

    /// Name of the product on every page
    #[arg(long, env = "BRAND", default_value = "BabySea", value_parser = parse_brand)]
    brand: String,

    /// How new keys begin: lower-case letters and digits, then _
    #[arg(long, env = "KEY_PREFIX", default_value = "bye_", value_parser = parse_prefix)]
    key_prefix: String,

    /// Who may sign up
    #[arg(long, env = "SIGN_UP", default_value = "open")]
    sign_up: SignUp,

    /// Fewest characters of a password
    #[arg(long, env = "PASSWORD_MIN", default_value_t = password::DEFAULT_MINIMUM, value_parser = parse_minimum)]
    password_min: usize,

    /// Hours after which a session that was not used ends
    #[arg(long, env = "SESSION_IDLE_HOURS", default_value_t = 8, value_parser = clap::value_parser!(u64).range(1..=8_760))]
    session_idle_hours: u64,

    /// Days after which every session ends
    #[arg(long, env = "SESSION_MAX_DAYS", default_value_t = 7, value_parser = clap::value_parser!(u64).range(1..=365))]
    session_max_days: u64,

    /// Proxies whose X-Forwarded-For is believed: IP addresses and CIDR blocks with commas between them [default: none]
    #[arg(long, env = "TRUSTED_PROXIES", default_value = "", hide_default_value = true)]
    trusted_proxies: TrustedProxies,

    /// Requests that all keys of an account together may make in a minute: a number, or none
    #[arg(long, env = "RATE_LIMIT", default_value = "6000", value_parser = parse_rate_limit)]
    rate_limit: RateLimit,

    /// Seconds for which keys in memory are still accepted while PostgreSQL is away
    #[arg(long, env = "STALE_IF_DB_DOWN", default_value_t = 0, value_parser = clap::value_parser!(u64).range(0..=300))]
    stale_if_db_down: u64,

    /// Address and port for Prometheus to read `/metrics` from, kept apart from everything else [default: none]
    #[arg(long, env = "METRICS_LISTEN")]
    metrics_listen: Option<SocketAddr>,

    /// Seconds after which a connection is closed on which no request has begun: more than your balancer waits itself
    #[arg(long, env = "IDLE_TIMEOUT", default_value_t = 75, value_parser = clap::value_parser!(u64).range(1..=3_600))]
    idle_timeout: u64,

    /// Seconds of draining after SIGTERM: requests are answered while balancers notice the stop
    #[arg(long, env = "DRAIN_SECONDS", default_value_t = 5, value_parser = clap::value_parser!(u64).range(0..=3_600))]
    drain_seconds: u64,

    /// Connections that may be open [default: 80 % of the files that the process may open, with 128 left, 10,000 at most]
    #[arg(long, env = "MAX_CONNECTIONS", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    max_connections: Option<u32>,

    /// Connections of one address (IPv6: /64) that may be open; trusted proxies, this machine and private networks may have all
    #[arg(long, env = "MAX_CONNECTIONS_PER_IP", default_value_t = 256, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    max_connections_per_ip: u32,

    /// Bytes that all request bodies together may take in memory
    #[arg(long, env = "MAX_BODY_BYTES", default_value_t = 64 * 1024 * 1024, value_parser = clap::value_parser!(u32).range(1..))]
    max_body_bytes: u32,

    /// How the log is written
    #[arg(long, env = "LOG_FORMAT", default_value = "text")]
    log_format: LogFormat,

    /// Unknown keys that one address may try in a minute
    #[arg(long, env = "AUTH_LIMIT", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..))]
    auth_limit: u32,

    /// Sign-ups that one address may try in an hour, five of them at once: a number, or none
    #[arg(long, env = "SIGN_UP_LIMIT", default_value = "20", value_parser = parse_sign_up_limit)]
    sign_up_limit: SignUpLimit,

    /// Days for which requests stay in the log
    #[arg(long, env = "LOG_RETENTION_DAYS", default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=3_650))]
    log_retention_days: u64,

    /// Live keys that an account may have
    #[arg(long, env = "MAX_KEYS", default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..))]
    max_keys: u32,

    /// People that a team may have
    #[arg(long, global = true, env = "MAX_MEMBERS", default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..))]
    max_members: u32,

    /// Accounts that one person may be in
    #[arg(long, global = true, env = "MAX_ACCOUNTS", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..))]
    max_accounts: u32,
}

/// How much there may be of what people make.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Live keys of an account.
    pub keys: u32,
    /// People in a team, its primary owner among them.
    pub members: u32,
    /// Accounts of one person.
    pub accounts: u32,
}

/// Requests a minute; nothing is no limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateLimit(pub Option<u32>);

/// Sign-ups an hour; nothing is no limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SignUpLimit(pub Option<u32>);

/// Who may sign up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum SignUp {
    /// Everybody who reaches the server.
    Open,
    /// Only who is invited; nobody without an invitation.
    Invited,
}

/// How the log is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// A line for people.
    Text,
    /// An object on a line, for programs.
    Json,
}

/// The settings in force.
#[derive(Clone, Debug)]
pub struct Config {
    /// Address and port to listen on; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Given origin; derived from the listener's address when absent.
    pub public_url: Option<Origin>,
    /// Where the data is.
    pub database: Location,
    /// Folder for what is not in the database.
    pub data_dir: PathBuf,
    /// The pepper's file.
    pub pepper_file: PathBuf,
    /// The catalogue's file; the vendor's catalogue when absent.
    pub catalog: Option<PathBuf>,
    /// Name of the product on every page.
    pub brand: String,
    /// How new keys begin.
    pub key_prefix: String,
    /// Who may sign up.
    pub sign_up: SignUp,
    /// Fewest characters of a password.
    pub password_min: usize,
    /// A session that was not used for this long ends.
    pub session_idle: Duration,
    /// Every session ends after this long.
    pub session_max: Duration,
    /// Whose X-Forwarded-For is believed.
    pub trusted_proxies: TrustedProxies,
    /// Requests that all keys of an account together may make in a minute.
    pub rate_limit: RateLimit,
    /// For how long keys in memory are still accepted while the database is away (docs/security.md, S75).
    pub stale_if_db_down: Duration,
    /// Where Prometheus reads; nowhere when absent.
    pub metrics_listen: Option<SocketAddr>,
    /// When a connection is closed on which no request has begun.
    pub idle_timeout: Duration,
    /// Drain time after SIGTERM, in which requests are still answered.
    pub drain: Duration,
    /// Connections that may be open; by the files that may be open when absent.
    pub max_connections: Option<u32>,
    /// Connections of one address that may be open.
    pub max_connections_per_ip: u32,
    /// Bytes that all request bodies together may take in memory.
    pub max_body_bytes: u32,
    /// How the log is written.
    pub log_format: LogFormat,
    /// Unknown keys that one address may try in a minute.
    pub auth_limit: u32,
    /// Sign-ups that one address may try in an hour.
    pub sign_up_limit: SignUpLimit,
    /// How long requests stay in the log.
    pub log_retention: Duration,
    /// How much there may be of what people make.
    pub limits: Limits,
}

impl From<Options> for Config {
    fn from(given: Options) -> Self {
        let inside = |name: &str| given.data_dir.join(name);
        Self {
            listen: given.listen,
            public_url: given.public_url,
            database: given
                .database_url
                .unwrap_or_else(|| Location::Sqlite(inside("babysea.db"))),
            pepper_file: given.pepper_file.unwrap_or_else(|| inside("pepper")),
            catalog: given.catalog,
            brand: given.brand,
            key_prefix: given.key_prefix,
            sign_up: given.sign_up,
            password_min: given.password_min,
            session_idle: Duration::from_secs(given.session_idle_hours * 3_600),
            session_max: Duration::from_secs(given.session_max_days * 86_400),
            trusted_proxies: given.trusted_proxies,
            rate_limit: given.rate_limit,
            stale_if_db_down: Duration::from_secs(given.stale_if_db_down),
            metrics_listen: given.metrics_listen,
            idle_timeout: Duration::from_secs(given.idle_timeout),
            drain: Duration::from_secs(given.drain_seconds),
            max_connections: given.max_connections,
            max_connections_per_ip: given.max_connections_per_ip,
            max_body_bytes: given.max_body_bytes,
            log_format: given.log_format,
            auth_limit: given.auth_limit,
            sign_up_limit: given.sign_up_limit,
            log_retention: Duration::from_secs(given.log_retention_days * 86_400),
            limits: Limits {
                keys: given.max_keys,
                members: given.max_members,
                accounts: given.max_accounts,
            },
            data_dir: given.data_dir,
        }
    }
}

impl Config {
    /// Reads the command line and the environment. The command is what to do instead of serving.
    ///
    /// # Errors
    /// The text of `--help` or `--version`, or one sentence that names the wrong variable.
    pub fn from_process() -> Result<(Self, Option<Command>), clap::Error> {
        let mut options = Options::try_parse()?;
        let command = options.command.take();
        Ok((options.into(), command))
    }

    /// Reads these arguments and the environment.
    ///
    /// # Errors
    /// As [`Config::from_process`].
    pub fn from_arguments<I: IntoIterator<Item = T>, T: Into<std::ffi::OsString> + Clone>(
        arguments: I,
    ) -> Result<Self, clap::Error> {
        Options::try_parse_from(arguments).map(Self::from)
    }

    /// The origin browsers use, given the address that is really listened on.
    ///
    /// # Errors
    /// When it would be http on an address that other machines reach (docs/security.md, S9).
    pub fn origin(&self, bound: SocketAddr) -> Result<Origin, String> {
        match &self.public_url {
            Some(origin) => Ok(origin.clone()),
            None => parse_origin(&format!("http://{bound}")).map_err(|_| {
                format!(
                    "PUBLIC_URL must be given when LISTEN is {bound}: the https address that browsers use"
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
        ] {
            let error = Options::try_parse_from(["babysea", flag, value])
                .err()
                .expect(flag);
            let sentence = explain(&error).expect("an error");
            assert!(sentence.starts_with(name), "{sentence}");
            assert_eq!(sentence.lines().count(), 1, "{sentence}");
        }
        let error = Options::try_parse_from(["babysea", "--database-url", "mysql://u:hunter2@h/d"]).err();
        let sentence = explain(&error.expect("a wrong value")).expect("an error");
        assert!(
            sentence.starts_with("DATABASE_URL") && !sentence.contains("hunter2"),
            "{sentence}"
        );
        let help = Options::try_parse_from(["babysea", "--help"])
            .err()
            .expect("the help");
        assert_eq!(explain(&help), None);
    }
}
