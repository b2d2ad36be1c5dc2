//! The command line and the environment, parsed by clap: one field for each setting. `babysea --help` shows
//! the doc comments of the fields.

use super::{
    AccountCaps, Command, Config, Origin, RateLimit, SignUp, SignUpLimit,
    origin::parse_origin,
    setting::Setting,
    values::{
        ANY, parse_address, parse_brand, parse_choice, parse_duration, parse_location, parse_minimum,
        parse_number, parse_path, parse_pepper_path, parse_prefix, parse_proxies, parse_rate_limit,
        parse_sign_up_limit,
    },
};
use crate::{
    domain::password,
    server::{config::trusted_proxies::ProxySource, runtime::logging::LogFormat, store::Location},
};
use clap::Parser;
use std::{net::SocketAddr, path::PathBuf, time::Duration};

/// The parsed command line and environment. It has no `Debug`, because the database URL can hold a password.
#[derive(Parser)]
#[command(
    name = "babysea",
    version,
    about = "An API keys dashboard, and the server that checks the keys",
    long_about = "An API keys dashboard, and the server that checks the keys. Without a command it starts the server.",
    subcommand_value_name = "COMMAND"
)]
pub struct Options {
    /// Command to run instead of the server
    #[command(subcommand)]
    pub(super) command: Option<Command>,

    /// Address and port to listen on
    #[arg(long, env = "LISTEN", default_value = "127.0.0.1:3000", value_parser = Setting(parse_address))]
    pub(super) listen: SocketAddr,

    /// URL that browsers use for this server; http only on the loopback interface [default: http:// and LISTEN]
    #[arg(long, env = "PUBLIC_URL", value_parser = Setting(parse_origin))]
    pub(super) public_url: Option<Origin>,

    /// Database: a `postgres://` URL, or `sqlite:FILE` [default: babysea.db in `DATA_DIR`]
    #[arg(long, global = true, env = "DATABASE_URL", hide_env_values = true, value_parser = Setting(parse_location))]
    pub(super) database_url: Option<Location>,

    /// Folder for the SQLite file and the pepper; created if it does not exist
    #[arg(long, global = true, env = "DATA_DIR", default_value = "./data", value_parser = Setting(parse_path))]
    pub(super) data_dir: PathBuf,

    /// File with the secret that keys are hashed with; created on the first start [default: `DATA_DIR`/pepper]
    #[arg(long, global = true, env = "PEPPER_FILE", value_parser = Setting(parse_pepper_path))]
    pub(super) pepper_file: Option<PathBuf>,

    /// TOML file with the scopes, presets and routes of your API; reloaded on SIGHUP [default: BabySea's]
    #[arg(long, env = "CATALOG", value_parser = Setting(parse_path))]
    pub(super) catalog: Option<PathBuf>,

    /// Name of the product on every page
    #[arg(long, env = "BRAND", default_value = "BabySea", value_parser = Setting(parse_brand))]
    pub(super) brand: String,

    /// Prefix of new keys: lower-case letters and digits, then _
    #[arg(long, env = "KEY_PREFIX", default_value = "bye_", value_parser = Setting(parse_prefix))]
    pub(super) key_prefix: String,

    /// Who may sign up: open or invited; the first person can always sign up
    #[arg(long, env = "SIGN_UP", default_value = "open", value_parser = Setting(parse_choice::<SignUp>))]
    pub(super) sign_up: SignUp,

    /// Minimum length of a password
    #[arg(long, env = "PASSWORD_MIN", default_value_t = password::DEFAULT_MINIMUM, value_parser = Setting(parse_minimum))]
    pub(super) password_min: usize,

    /// Hours without use after which a session ends
    #[arg(long, env = "SESSION_IDLE_HOURS", default_value_t = 8, value_parser = Setting(parse_number::<u64, 1, 8_760>))]
    pub(super) session_idle_hours: u64,

    /// Days after which every session ends
    #[arg(long, env = "SESSION_MAX_DAYS", default_value_t = 7, value_parser = Setting(parse_number::<u64, 1, 365>))]
    pub(super) session_max_days: u64,

    /// Proxies whose X-Forwarded-For is trusted: IP addresses and CIDR blocks, separated by commas, or @FILE with one on each line, reloaded on SIGHUP [default: none]
    #[arg(long, env = "TRUSTED_PROXIES", value_parser = Setting(parse_proxies))]
    pub(super) trusted_proxies: Option<ProxySource>,

    /// Requests a minute for all keys of an account together: a number, or none
    #[arg(long, env = "RATE_LIMIT", default_value = "6000", value_parser = Setting(parse_rate_limit))]
    pub(super) rate_limit: RateLimit,

    /// Seconds for which cached keys are still accepted while PostgreSQL is unavailable
    #[arg(long, env = "STALE_IF_DB_DOWN", default_value_t = 0, value_parser = Setting(parse_number::<u64, 0, 300>))]
    pub(super) stale_if_db_down: u64,

    /// Address and port where Prometheus reads `/metrics`; nothing else is served there [default: none]
    #[arg(long, env = "METRICS_LISTEN", value_parser = Setting(parse_address))]
    pub(super) metrics_listen: Option<SocketAddr>,

    /// Seconds after which an idle connection is closed; set it higher than your load balancer's time-out
    #[arg(long, env = "IDLE_TIMEOUT", default_value_t = 75, value_parser = Setting(parse_number::<u64, 1, 3_600>))]
    pub(super) idle_timeout: u64,

    /// Seconds for which a stopping server still answers requests, so that load balancers notice the stop
    #[arg(long, env = "DRAIN_SECONDS", default_value_t = 5, value_parser = Setting(parse_number::<u64, 0, 3_600>))]
    pub(super) drain_seconds: u64,

    /// Maximum number of open connections [default: 80 % of the open-file limit, with at least 128 files left; at most 10,000]
    #[arg(long, env = "MAX_CONNECTIONS", value_parser = Setting(parse_number::<u32, 1, 1_000_000>))]
    pub(super) max_connections: Option<u32>,

    /// Maximum number of open connections of one address (IPv6: /64); trusted proxies, loopback and private networks have no cap
    #[arg(long, env = "MAX_CONNECTIONS_PER_IP", default_value_t = 256, value_parser = Setting(parse_number::<u32, 1, 1_000_000>))]
    pub(super) max_connections_per_ip: u32,

    /// Memory for all request bodies together, in bytes
    #[arg(long, env = "MAX_BODY_BYTES", default_value_t = 64 * 1024 * 1024, value_parser = Setting(parse_number::<u32, 1, ANY>))]
    pub(super) max_body_bytes: u32,

    /// Format of the log: text or json
    #[arg(long, env = "LOG_FORMAT", default_value = "text", value_parser = Setting(parse_choice::<LogFormat>))]
    pub(super) log_format: LogFormat,

    /// Unknown keys that one address may try in a minute
    #[arg(long, env = "AUTH_LIMIT", default_value_t = 100, value_parser = Setting(parse_number::<u32, 1, ANY>))]
    pub(super) auth_limit: u32,

    /// Sign-ups that one address may try in an hour, at most five of them at once: a number, or none
    #[arg(long, env = "SIGN_UP_LIMIT", default_value = "20", value_parser = Setting(parse_sign_up_limit))]
    pub(super) sign_up_limit: SignUpLimit,

    /// Days for which the request log is kept
    #[arg(long, env = "LOG_RETENTION_DAYS", default_value_t = 30, value_parser = Setting(parse_number::<u64, 1, 3_650>))]
    pub(super) log_retention_days: u64,

    /// Folder for scheduled backups and a copy of the journal; use another disk than the database's [default: none]
    #[arg(long, global = true, env = "BACKUP_DIR", value_parser = Setting(parse_path))]
    pub(super) backup_dir: Option<PathBuf>,

    /// Time between two backups: a number and m, h or d
    #[arg(long, env = "BACKUP_EVERY", default_value = "24h", value_parser = Setting(parse_duration))]
    pub(super) backup_every: Duration,

    /// Number of backups to keep; older ones are removed
    #[arg(long, env = "BACKUP_KEEP", default_value_t = 14, value_parser = Setting(parse_number::<u32, 1, 1_000>))]
    pub(super) backup_keep: u32,

    /// Maximum number of live keys of an account
    #[arg(long, env = "MAX_KEYS", default_value_t = 1_000, value_parser = Setting(parse_number::<u32, 1, ANY>))]
    pub(super) max_keys: u32,

    /// Maximum number of people in a team
    #[arg(long, global = true, env = "MAX_MEMBERS", default_value_t = 200, value_parser = Setting(parse_number::<u32, 1, ANY>))]
    pub(super) max_members: u32,

    /// Maximum number of accounts of a person
    #[arg(long, global = true, env = "MAX_ACCOUNTS", default_value_t = 50, value_parser = Setting(parse_number::<u32, 1, ANY>))]
    pub(super) max_accounts: u32,
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
            trusted_proxies: given.trusted_proxies.unwrap_or_default(),
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
            backup_dir: given.backup_dir,
            backup_every: given.backup_every,
            backup_keep: given.backup_keep,
            caps: AccountCaps {
                keys: given.max_keys,
                members: given.max_members,
                accounts: given.max_accounts,
            },
            data_dir: given.data_dir,
        }
    }
}
