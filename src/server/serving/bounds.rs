//! Bounds of connections: time, number, bytes (docs/security.md, S28, S80, S88 and S96).

use crate::{
    domain::{
        head_limits::{LIBRARY, STRANGER_BYTES},
        network::is_internal,
    },
    server::config::Config,
};
use std::{net::IpAddr, time::Duration};

/// Open-file limit below which the start warns.
pub const ENOUGH_FILES: u64 = 4_096;
/// Default maximum of connections.
const MOST: u64 = 10_000;
/// Open files reserved for everything except connections.
const OTHER_FILES: u64 = 128;
/// Minimum of connections, regardless of the open-file limit.
const FEWEST: u64 = 16;
/// Assumed open-file limit if the system does not report one.
const FILES: u64 = 1_024;

/// Bounds of the connections of one listener. Tests set their own.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Time for a request line and headers, from their first byte.
    pub headers: Duration,
    /// Idle time after which a connection is closed.
    pub idle: Duration,
    /// Time in which a client must read at least one byte of a waiting response.
    pub stalled: Duration,
    /// Minimum number of bytes that it must read of responses in each [`Self::stalled`] of waiting.
    pub stalled_bytes: usize,
    /// Maximum time for discarding the rest of a request after its response.
    pub linger: Duration,
    /// Maximum number of discarded bytes.
    pub linger_bytes: usize,
    /// Maximum number of open connections.
    pub connections: usize,
    /// Maximum number of open connections of one address (IPv6: of one /64) that is neither a trusted proxy
    /// nor private.
    pub of_address: usize,
    /// Reserved slots beyond the caps, for `/healthz` and `/readyz`.
    pub reserve: usize,
    /// Maximum lifetime of a connection in a reserved slot.
    pub reserve_time: Duration,
    /// How long a stopping server still accepts connections.
    pub drain: Duration,
    /// How long an accepted connection without a request may still send one after the listener was closed.
    pub first: Duration,
    /// Time limit of requests that are in flight then.
    pub in_flight: Duration,
}

impl Bounds {
    /// Bounds from the configuration and the open-file limit of this process.
    #[must_use]
    pub fn of(config: &Config) -> Self {
        let default = connections_of(open_files()).min(MOST);
        let connections = config
            .max_connections
            .map_or_else(|| usize::try_from(default).unwrap_or(usize::MAX), as_usize);
        Self {
            headers: Duration::from_secs(10),
            idle: config.idle_timeout,
            stalled: Duration::from_secs(30),
            stalled_bytes: 1_024,
            linger: Duration::from_secs(2),
            linger_bytes: 64 * 1024 * 1024,
            connections,
            of_address: as_usize(config.max_connections_per_ip).min(connections),
            reserve: 16,
            reserve_time: Duration::from_secs(5),
            drain: config.drain,
            first: Duration::from_secs(1),
            in_flight: Duration::from_secs(10),
        }
    }

    /// Maximum number of connections of this peer. Trusted proxies and private addresses have no cap of their
    /// own, because many clients can be behind them: a container bridge, or a load balancer that is not in
    /// TRUSTED_PROXIES.
    #[must_use]
    pub fn of_peer(&self, peer: IpAddr, is_trusted: bool) -> usize {
        if is_trusted || is_internal(peer) {
            self.connections
        } else {
            self.of_address
        }
    }

    /// Maximum size of the request line and headers of this peer, in bytes. Only trusted proxies send subrequests, and behind
    /// a private address a proxy holds back incomplete headers; strangers can hold many connections with half of them.
    #[must_use]
    pub fn head_bytes(&self, peer: IpAddr, is_trusted: bool) -> usize {
        if is_trusted || is_internal(peer) {
            LIBRARY.bytes
        } else {
            STRANGER_BYTES
        }
    }

    /// Bounds of the metrics listener: a few connections, none reserved.
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

/// Open-file limit of this process: its soft limit.
#[must_use]
pub fn open_files() -> u64 {
    rlimit::Resource::NOFILE.get_soft().unwrap_or(FILES)
}

/// Number of connections that an open-file limit allows: 80 % of it, and at least 128 files are left for the
/// database and everything else.
#[must_use]
pub fn connections_of(files: u64) -> u64 {
    let share = files / 5 * 4;
    share.min(files.saturating_sub(OTHER_FILES)).max(FEWEST)
}

/// Raises the soft limit of open files to the hard limit. Returns the new limit.
///
/// # Errors
/// When the system refuses; the limit is then unchanged.
pub fn raise_open_files() -> std::io::Result<u64> {
    rlimit::increase_nofile_limit(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_behind_which_many_may_stand_may_have_all() {
        let config = Config::from_arguments(["babysea", "--max-connections", "1000"]);
        let bounds = Bounds::of(&config.unwrap_or_else(|error| panic!("{error}")));
        for (peer, is_trusted, most) in [
            ("203.0.113.7", false, 256),
            ("2001:db8::1", false, 256),
            ("203.0.113.7", true, 1_000),
            ("127.0.0.1", false, 1_000),
            ("172.17.0.1", false, 1_000),
            ("100.64.0.1", false, 1_000),
            ("fd00::1", false, 1_000),
        ] {
            let address = peer.parse().expect("an address");
            assert_eq!(bounds.of_peer(address, is_trusted), most, "{peer}");
            let head = if most == 1_000 { 64 } else { 32 };
            assert_eq!(bounds.head_bytes(address, is_trusted), head * 1024, "{peer}");
        }
    }

    #[test]
    fn connections_leave_files_for_everything_else() {
        for (files, connections) in [
            (0, 16),
            (128, 16),
            (144, 16),
            (145, 17),
            (200, 72),
            (300, 172),
            (640, 512),
            (1_024, 816),
            (u64::MAX, u64::MAX / 5 * 4),
        ] {
            assert_eq!(connections_of(files), connections, "{files}");
        }
    }
}
