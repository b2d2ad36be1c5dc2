//! The connections that are open: how many there may be, and which goes first where there are too many
//! (docs/security.md, S88).

use super::{bounds::Bounds, connection::Connection};
use crate::{
    domain::network::canonical,
    server::{app::App, limits::subscriber},
};
use std::{
    cmp::Reverse,
    collections::{HashMap, hash_map::Entry},
    net::IpAddr,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::time::Instant;

/// Connections that one look over all of them finds to close, so that a flood does not cause a look for each.
const FOUND: usize = 64;
/// How long not to look again where none could be closed.
const NONE_FOUND: Duration = Duration::from_millis(10);

/// Every open connection of a listener.
pub struct Connections {
    /// What they may take.
    pub bounds: Bounds,
    app: App,
    open: Mutex<Open>,
    lingering: AtomicUsize,
}

#[derive(Default)]
struct Open {
    next: u64,
    members: usize,
    /// Those that count against the caps, by address.
    addresses: HashMap<IpAddr, HashMap<u64, Arc<Connection>>>,
    /// Those in reserved places.
    reserve: HashMap<u64, Arc<Connection>>,
    /// The next ones to close, the first of them last.
    found: Vec<Arc<Connection>>,
    looked: Option<Instant>,
}

/// A connection's place; given up when it is dropped.
pub struct Place {
    connections: Arc<Connections>,
    /// The connection.
    pub connection: Arc<Connection>,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.connections.open().remove(&self.connection);
        self.connections.app.metrics.connection_closed();
    }
}

impl Connections {
    /// None yet.
    #[must_use]
    pub fn new(app: App, bounds: Bounds) -> Arc<Self> {
        Arc::new(Self {
            bounds,
            app,
            open: Mutex::default(),
            lingering: AtomicUsize::new(0),
        })
    }

    fn open(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A place for a connection of `peer`. Where there is none, the oldest connection on which nothing is being answered
    /// is closed for it; where there is no such connection either, it gets one of the places that are kept for health
    /// checks. Nothing when these are taken as well.
    #[must_use]
    pub fn admit(self: &Arc<Self>, peer: IpAddr) -> Option<Place> {
        let peer = canonical(peer);
        let address = subscriber(peer);
        let of_address = if peer.is_loopback() || self.app.config.trusted_proxies.trusts(peer) {
            self.bounds.connections
        } else {
            self.bounds.of_address
        };
        let admitted = self.open().admit(address, of_address, &self.bounds);
        let Some(connection) = admitted else {
            self.app.metrics.connection_refused();
            return None;
        };
        self.app.metrics.connection_opened();
        Some(Place {
            connections: Arc::clone(self),
            connection,
        })
    }

    /// Closes the oldest connection on which nothing is being answered, where the process can open no more files.
    pub fn close_oldest(&self) {
        self.open().close_oldest();
    }

    /// Ends the connections on which nothing is being answered, now and from here on.
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

    /// A place to linger in after an answer; see [`Lingering`].
    #[must_use]
    pub fn linger(self: &Arc<Self>) -> Option<Lingering> {
        let more = |count: usize| (count < self.bounds.lingering).then_some(count + 1);
        let taken = self
            .lingering
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, more);
        taken.ok().map(|_| Lingering(Arc::clone(self)))
    }
}

/// One of the connections whose rest is read and thrown away.
pub struct Lingering(Arc<Connections>);

impl Drop for Lingering {
    fn drop(&mut self) {
        self.0.lingering.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Open {
    /// A connection of this address, which may have so many.
    fn admit(&mut self, address: IpAddr, of_address: usize, bounds: &Bounds) -> Option<Arc<Connection>> {
        let has_place = self.make_room_for(address, of_address)
            && (self.members < bounds.connections || self.close_oldest());
        if has_place {
            return Some(self.add(address, bounds));
        }
        // One address alone must not take all of them, unless it may have every connection there is.
        let of_reserve = if of_address < bounds.connections {
            bounds.reserve.div_ceil(4)
        } else {
            bounds.reserve
        };
        let same = self.reserve.values().filter(|other| other.address == address);
        let is_free = self.reserve.len() < bounds.reserve && same.count() < of_reserve;
        is_free.then(|| self.add_reserve(address, bounds))
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

    /// Closes the oldest of an address that has as many as it may. False where all of them are being answered.
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
        // Its place is free at once; its task ends soon.
        self.remove(connection);
        connection.abort();
        true
    }

    /// Closes the oldest of all. False where all of them are being answered.
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
            if self.looked.is_some_and(|looked| looked.elapsed() < NONE_FOUND) {
                return false;
            }
            let members = self.addresses.values().flat_map(HashMap::values);
            let mut closable: Vec<_> = members
                .filter_map(|connection| Some((connection.closable()?, connection)))
                .collect();
            if closable.is_empty() {
                self.looked = Some(Instant::now());
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::config::Config;

    fn bounds(connections: usize, reserve: usize) -> Bounds {
        let config = Config::from_arguments(["babysea"]).unwrap_or_else(|error| panic!("{error}"));
        Bounds {
            connections,
            reserve,
            ..Bounds::of(&config)
        }
    }

    fn address(last: u8) -> IpAddr {
        IpAddr::from([203, 0, 113, last])
    }

    /// The ids of those that are open.
    fn ids(open: &Open) -> Vec<u64> {
        let members = open.addresses.values().flat_map(HashMap::keys);
        let mut ids: Vec<_> = members.copied().collect();
        ids.sort_unstable();
        assert_eq!(ids.len(), open.members);
        ids
    }

    #[test]
    fn the_oldest_idle_connection_makes_room() {
        let (mut open, bounds) = (Open::default(), bounds(3, 0));
        let three: Vec<_> = (1..=3)
            .filter_map(|n| open.admit(address(n), 3, &bounds))
            .collect();
        // The first is being answered, and the second was asked something after the third.
        three[0].asked();
        three[2].asked();
        three[2].answered();
        three[1].asked();
        three[1].answered();
        assert!(open.admit(address(4), 3, &bounds).is_some());
        assert_eq!(ids(&open), [1, 2, 4]);
        assert!(open.admit(address(5), 3, &bounds).is_some());
        assert_eq!(ids(&open), [1, 4, 5]);
    }

    #[test]
    fn what_is_being_answered_is_closed_for_nobody() {
        let (mut open, bounds) = (Open::default(), bounds(2, 0));
        let two: Vec<_> = (1..=2)
            .filter_map(|n| open.admit(address(n), 2, &bounds))
            .collect();
        two[0].asked();
        two[1].asked();
        two[1].answered();
        two[1].writes(true);
        assert!(
            open.admit(address(3), 2, &bounds).is_none(),
            "an answer is not taken yet"
        );
        two[1].writes(false);
        open.looked = None;
        assert!(open.admit(address(3), 2, &bounds).is_some());
        assert_eq!(ids(&open), [1, 3]);
    }

    #[test]
    fn an_address_at_its_cap_loses_its_own_oldest() {
        let (mut open, bounds) = (Open::default(), bounds(10, 0));
        let other = open.admit(address(1), 2, &bounds).expect("a place");
        let first = open.admit(address(2), 2, &bounds).expect("a place");
        let second = open.admit(address(2), 2, &bounds).expect("a place");
        assert!(open.admit(address(2), 2, &bounds).is_some());
        assert_eq!(ids(&open), [other.id, second.id, 4]);
        second.asked();
        assert!(open.admit(address(2), 2, &bounds).is_some());
        assert_eq!(ids(&open), [other.id, second.id, 5]);
        open.remove(&first);
        assert_eq!(ids(&open), [other.id, second.id, 5], "it was removed before");
        for id in [second.id, 5] {
            let connection = Arc::clone(&open.addresses[&address(2)][&id]);
            connection.asked();
        }
        assert!(open.admit(address(2), 2, &bounds).is_none());
        assert!(
            open.admit(address(3), 2, &bounds).is_some(),
            "others have their own"
        );
    }

    #[test]
    fn a_few_places_are_kept_and_no_address_takes_all_of_them() {
        let (mut open, bounds) = (Open::default(), bounds(1, 8));
        open.admit(address(1), 1, &bounds).expect("a place").asked();
        let one_less = Bounds {
            connections: 2,
            ..bounds
        };
        open.members = 2;
        for place in 0..8 {
            let kept = open.admit(address(2), 1, &one_less);
            assert_eq!(kept.is_some(), place < 2, "{place}");
            assert!(kept.is_none_or(|kept| kept.is_reserve));
        }
        for n in 3..6 {
            assert!(open.admit(address(n), 1, &one_less).is_some());
            assert!(open.admit(address(n), 1, &one_less).is_some());
        }
        assert!(open.admit(address(9), 1, &one_less).is_none(), "all are taken");
        let first = open.reserve.values().next().map(Arc::clone).expect("one");
        open.remove(&first);
        assert!(open.admit(address(9), 1, &one_less).is_some());
    }
}
