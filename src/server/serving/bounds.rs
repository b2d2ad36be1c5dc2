//! How much connections may take: time, places, bytes (docs/security.md, S28, S80, S88 and S96).

use crate::server::config::Config;
use std::time::Duration;

/// Open files with which a server does well; below, the start warns.
pub const ENOUGH_FILES: u64 = 4_096;
/// Most connections unless `MAX_CONNECTIONS` says otherwise.
const MOST: u64 = 10_000;
/// Where the system does not say how many files may be open.
const FILES: u64 = 1_024;

/// Bounds of the connections of one listener. Tests set their own times.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Time for a request's line and headers, from their first byte.
    pub head: Duration,
    /// Time after which a connection is closed on which no request has begun.
    pub idle: Duration,
    /// Time in which a client must take some byte of an answer that waits for it.
    pub stalled: Duration,
    /// Time for which the rest of a request is read and thrown away after its answer.
    pub linger: Duration,
    /// Most bytes of that rest.
    pub linger_bytes: usize,
    /// Most connections that are in that state at once; others are closed without it.
    pub lingering: usize,
    /// Open connections in all.
    pub connections: usize,
    /// Open connections of one address (IPv6: of one /64).
    pub of_address: usize,
    /// Places beyond the caps, for `/healthz` and `/readyz`.
    pub reserve: usize,
    /// How long a connection in such a place may take in all.
    pub reserve_time: Duration,
    /// How long a stopping server goes on accepting connections.
    pub drain: Duration,
    /// How long a connection that was accepted but has not asked anything may still do so once the listener is closed.
    pub first: Duration,
    /// How long requests may take that are being answered then.
    pub in_flight: Duration,
}

impl Bounds {
    /// By the configuration, and by the files that this process may open.
    #[must_use]
    pub fn of(config: &Config) -> Self {
        let default = (open_files() / 5 * 4).clamp(1, MOST);
        let connections = config
            .max_connections
            .map_or_else(|| usize::try_from(default).unwrap_or(usize::MAX), as_usize);
        Self {
            head: Duration::from_secs(10),
            idle: config.idle_timeout,
            stalled: Duration::from_secs(30),
            linger: Duration::from_secs(2),
            linger_bytes: 64 * 1024 * 1024,
            lingering: 1_000,
            connections,
            of_address: as_usize(config.max_connections_per_ip).min(connections),
            reserve: 16,
            reserve_time: Duration::from_secs(5),
            drain: config.drain,
            first: Duration::from_secs(1),
            in_flight: Duration::from_secs(10),
        }
    }

    /// The same for the listener that Prometheus reads from: a few connections, all of them for that.
    #[must_use]
    pub fn of_metrics(self) -> Self {
        Self {
            connections: 32,
            of_address: 32,
            reserve: 0,
            ..self
        }
    }
}

fn as_usize(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

/// Files that this process may open: its soft limit.
fn open_files() -> u64 {
    rlimit::Resource::NOFILE.get_soft().unwrap_or(FILES)
}

/// Raises the soft limit of open files to the hard one. Returns what holds from then on.
///
/// # Errors
/// When the system refuses; the limit is then what it was.
pub fn raise_open_files() -> std::io::Result<u64> {
    rlimit::increase_nofile_limit(u64::MAX)
}
