//! The open connections of a listener: their caps, and which one is closed when a cap is reached
//! (docs/security.md, S88).

#[cfg(test)]
mod tests;

use super::{bounds::Bounds, connection::Connection};
use crate::{
    domain::{client_network::subscriber, network::canonical},
    server::app::App,
};
use std::{
    cmp::Reverse,
    collections::{HashMap, hash_map::Entry},
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::time::Instant;

/// Connections that one scan selects for closing, so that a flood does not cause a scan for each connection.
const FOUND: usize = 64;
/// Pause after a scan that found no connection to close.
const NONE_FOUND: Duration = Duration::from_millis(10);
/// Interval at which an address at its cap is logged.
const REPORT_EVERY: Duration = Duration::from_mins(1);

/// Every open connection of a listener.
pub struct Connections {
    /// Their bounds.
    pub bounds: Bounds,
    app: App,
    open: Mutex<Open>,
}

#[derive(Default)]
struct Open {
    next: u64,
    members: usize,
    /// Connections that count against the caps, by address.
    addresses: HashMap<IpAddr, HashMap<u64, Arc<Connection>>>,
    /// Connections in reserved slots.
    reserve: HashMap<u64, Arc<Connection>>,
    /// The next connections to close, in reverse order.
    found: Vec<Arc<Connection>>,
    scanned: Option<Instant>,
    /// When an address at its cap was last logged.
    reported: Option<Instant>,
}

/// A connection's slot; freed on drop.
pub struct Slot {
    connections: Arc<Connections>,
    /// The connection.
    pub connection: Arc<Connection>,
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.connections.open().remove(&self.connection);
        self.connections.app.metrics.connection_closed();
    }
}

impl Connections {
    /// An empty list.
    #[must_use]
    pub fn new(app: App, bounds: Bounds) -> Arc<Self> {
        Arc::new(Self {
            bounds,
            app,
            open: Mutex::default(),
        })
    }

    fn open(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A slot for a connection of `peer`. At a cap, the oldest connection without a response in progress is
    /// closed: one of the same address if that is at its cap. If all connections have a response in progress,
    /// it gets a reserved slot, if one is free or can be freed.
    #[must_use]
    pub fn admit(self: &Arc<Self>, peer: IpAddr) -> Option<Slot> {
        let peer = canonical(peer);
        let address = subscriber(peer);
        let is_trusted = self.app.trusted_proxies().trusts(peer);
        let of_address = self.bounds.of_peer(peer, is_trusted);
        let (admitted, is_reported) = {
            let mut open = self.open();
            let is_reported = open.reports_cap(address, of_address, &self.bounds);
            (open.admit(address, of_address, &self.bounds), is_reported)
        };
        if is_reported {
            // The address is never private, so it is a person's and not logged.
            tracing::warn!(
                "an address has reached its cap of {of_address} connections: if it is a proxy, add it to \
                 TRUSTED_PROXIES; otherwise see MAX_CONNECTIONS_PER_IP"
            );
        }
        let Some(connection) = admitted else {
            self.app.metrics.connection_refused();
            return None;
        };
        self.app.metrics.connection_opened();
        Some(Slot {
            connections: Arc::clone(self),
            connection,
        })
    }

    /// Closes the oldest connection without a response in progress, when the process has no more file
    /// descriptors.
    pub fn close_oldest(&self) {
        self.open().close_oldest();
    }

    /// Closes connections without a response in progress, now and from now on.
    pub fn close_idle(&self) {
        let all: Vec<_> = {
            let open = self.open();
            let members = open.addresses.values().flat_map(HashMap::values);
            members.chain(open.reserve.values()).cloned().collect()
        };
        for connection in all {
            connection.close_when_idle();
        }
    }
}

impl Open {
    /// Adds a connection of this address, whose cap is `of_address`.
    fn admit(&mut self, address: IpAddr, of_address: usize, bounds: &Bounds) -> Option<Arc<Connection>> {
        if of_address < bounds.connections && !self.make_room_for(address, of_address) {
            // The address is at its cap, not the server: reserved slots are for a server at its cap.
            return None;
        }
        if self.members < bounds.connections || self.close_oldest() {
            return Some(self.add(address, bounds));
        }
        // One address must not take all reserved slots, unless it has no cap.
        let of_reserve = if of_address < bounds.connections {
            bounds.reserve.div_ceil(4)
        } else {
            bounds.reserve
        };
        self.make_room_in_reserve(address, of_reserve, bounds.reserve)
            .then(|| self.add_reserve(address, bounds))
    }

    /// Whether to log now that this address is at its cap.
    fn reports_cap(&mut self, address: IpAddr, of_address: usize, bounds: &Bounds) -> bool {
        let count = self.addresses.get(&address).map_or(0, HashMap::len);
        let is_due = of_address < bounds.connections
            && count >= of_address
            && self
                .reported
                .is_none_or(|reported| reported.elapsed() > REPORT_EVERY);
        if is_due {
            self.reported = Some(Instant::now());
        }
        is_due
    }

    /// Frees a reserved slot if none is left: closes the oldest connection in one that has no pending health
    /// check, of the same address if that has its share. Returns false if all have one.
    fn make_room_in_reserve(&mut self, address: IpAddr, of_address: usize, most: usize) -> bool {
        let same = self.reserve.values().filter(|other| other.address == address);
        let is_at_cap = same.count() >= of_address;
        if !is_at_cap && self.reserve.len() < most {
            return true;
        }
        let oldest = self
            .reserve
            .values()
            .filter(|other| !other.keeps_its_slot() && (!is_at_cap || other.address == address))
            .min_by_key(|other| other.id)
            .cloned();
        oldest.is_some_and(|oldest| self.close(&oldest))
    }

    fn add(&mut self, address: IpAddr, bounds: &Bounds) -> Arc<Connection> {
        let connection = Arc::new(Connection::new(self.next(), address, false, bounds));
        let of_address = self.addresses.entry(address).or_default();
        of_address.insert(connection.id, Arc::clone(&connection));
        self.members += 1;
        connection
    }

    fn add_reserve(&mut self, address: IpAddr, bounds: &Bounds) -> Arc<Connection> {
        let connection = Arc::new(Connection::new(self.next(), address, true, bounds));
        self.reserve.insert(connection.id, Arc::clone(&connection));
        connection
    }

    fn next(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    fn remove(&mut self, connection: &Connection) {
        self.reserve.remove(&connection.id);
        if let Entry::Occupied(mut of_address) = self.addresses.entry(connection.address) {
            if of_address.get_mut().remove(&connection.id).is_some() {
                self.members -= 1;
            }
            if of_address.get().is_empty() {
                of_address.remove();
            }
        }
    }

    /// Closes the oldest connection of an address that is at its cap. Returns false if all have a response in
    /// progress.
    fn make_room_for(&mut self, address: IpAddr, most: usize) -> bool {
        let Some(of_address) = self.addresses.get(&address) else {
            return true;
        };
        if of_address.len() < most {
            return true;
        }
        let oldest = of_address
            .values()
            .filter_map(|connection| Some((connection.closable()?, connection)))
            .min_by_key(|(age, _)| *age)
            .map(|(_, connection)| Arc::clone(connection));
        oldest.is_some_and(|oldest| self.close(&oldest))
    }

    fn close(&mut self, connection: &Connection) -> bool {
        // Frees its slot at once; its task ends soon after.
        self.remove(connection);
        connection.abort();
        true
    }

    /// Closes the oldest connection. Returns false if all have a response in progress.
    fn close_oldest(&mut self) -> bool {
        loop {
            while let Some(connection) = self.found.pop() {
                let is_open = self
                    .addresses
                    .get(&connection.address)
                    .is_some_and(|of_address| of_address.contains_key(&connection.id));
                if is_open && connection.closable().is_some() {
                    return self.close(&connection);
                }
            }
            if self.scanned.is_some_and(|scanned| scanned.elapsed() < NONE_FOUND) {
                return false;
            }
            let members = self.addresses.values().flat_map(HashMap::values);
            let mut closable: Vec<_> = members
                .filter_map(|connection| Some((connection.closable()?, connection)))
                .collect();
            if closable.is_empty() {
                self.scanned = Some(Instant::now());
                return false;
            }
            closable.sort_unstable_by_key(|(age, _)| *age);
            closable.truncate(FOUND);
            closable.sort_unstable_by_key(|(age, _)| Reverse(*age));
            self.found = closable
                .into_iter()
                .map(|(_, connection)| Arc::clone(connection))
                .collect();
        }
    }
}
