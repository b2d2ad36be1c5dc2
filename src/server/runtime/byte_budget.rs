//! The memory budget of request bodies (docs/security.md, S89).

use crate::domain::{client_network::Network, network::is_internal};
use std::{
    collections::{HashMap, hash_map::Entry},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

/// Maximum bytes in memory of anonymous clients of one network.
const NETWORK_BYTES: usize = 64 * 1024;
/// Maximum number of their bodies that are being received at once.
const NETWORK_BODIES: usize = 16;
/// Maximum number of networks that are counted. Each has a body in memory or in transit, so the number of
/// connections bounds it too.
const NETWORKS: usize = 100_000;

/// Sender of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sender {
    /// An anonymous client. All anonymous clients together get at most half of the budget, and those of one network a
    /// small part of that half.
    Stranger(Network),
    /// A client with a session or an accepted key.
    Known,
}

/// The budget, in bytes.
#[derive(Debug)]
pub struct ByteBudget {
    most: usize,
    all: AtomicUsize,
    strangers: Mutex<Strangers>,
}

/// Use by anonymous clients.
#[derive(Debug, Default)]
struct Strangers {
    bytes: usize,
    /// By network; one without a share is removed.
    networks: HashMap<Network, Taken>,
}

#[derive(Debug, Default)]
struct Taken {
    bytes: usize,
    /// Number of shares, with or without bytes.
    shares: usize,
    /// Shares whose body has not ended.
    unfinished: usize,
}

/// Limits for anonymous clients of one network: bytes, and bodies in transit. A private address is that of a
/// proxy that `TRUSTED_PROXIES` does not name, with many clients behind it: it gets half of what all
/// anonymous clients get.
fn bounds_of(network: Network, of_strangers: usize) -> (usize, usize) {
    match network {
        Network::Subscriber(address) if is_internal(address) => (of_strangers / 2, usize::MAX),
        Network::Subscriber(_) | Network::Unreadable => (NETWORK_BYTES, NETWORK_BODIES),
    }
}

impl ByteBudget {
    /// A budget of `most` bytes.
    #[must_use]
    pub fn new(most: usize) -> Arc<Self> {
        Arc::new(Self {
            most,
            all: AtomicUsize::new(0),
            strangers: Mutex::default(),
        })
    }

    /// An empty share for a body that is about to be read. `None` if the sender's network has too many
    /// already.
    #[must_use]
    pub fn share(self: &Arc<Self>, sender: Sender) -> Option<Share> {
        if let Sender::Stranger(network) = sender {
            self.strangers().begin(network, self.most / 2)?;
        }
        Some(Share {
            budget: Arc::clone(self),
            sender,
            bytes: 0,
            is_finished: false,
        })
    }

    /// Bytes in use.
    #[must_use]
    pub fn taken(&self) -> usize {
        self.all.load(Ordering::Relaxed)
    }

    /// Number of networks that are counted.
    #[must_use]
    pub fn networks(&self) -> usize {
        self.strangers().networks.len()
    }

    // Never held across an await.
    fn strangers(&self) -> MutexGuard<'_, Strangers> {
        self.strangers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Strangers {
    fn begin(&mut self, network: Network, of_strangers: usize) -> Option<()> {
        let is_full = self.networks.len() >= NETWORKS;
        let taken = match self.networks.entry(network) {
            Entry::Occupied(taken) => taken.into_mut(),
            Entry::Vacant(_) if is_full => return None,
            Entry::Vacant(free) => free.insert(Taken::default()),
        };
        let (_, most) = bounds_of(network, of_strangers);
        if taken.unfinished >= most {
            return None;
        }
        taken.shares += 1;
        taken.unfinished += 1;
        Some(())
    }

    fn grow(&mut self, network: Network, bytes: usize, of_strangers: usize) -> bool {
        let Some(taken) = self.networks.get_mut(&network) else {
            return false;
        };
        let (of_network, _) = bounds_of(network, of_strangers);
        // Neither sum overflows: the whole budget has these bytes.
        if taken.bytes + bytes > of_network || self.bytes + bytes > of_strangers {
            return false;
        }
        taken.bytes += bytes;
        self.bytes += bytes;
        true
    }

    fn finish(&mut self, network: Network) {
        if let Some(taken) = self.networks.get_mut(&network) {
            taken.unfinished -= 1;
        }
    }

    fn end(&mut self, network: Network, bytes: usize) {
        self.bytes -= bytes;
        if let Entry::Occupied(mut taken) = self.networks.entry(network) {
            taken.get_mut().bytes -= bytes;
            taken.get_mut().shares -= 1;
            if taken.get().shares == 0 {
                taken.remove();
            }
        }
        // Shrinks after a flood.
        if self.networks.capacity() > 1_024 && self.networks.len() < self.networks.capacity() / 8 {
            self.networks.shrink_to(self.networks.len() * 2);
        }
    }
}

/// A body's share of the budget; released on drop.
#[derive(Debug)]
pub struct Share {
    budget: Arc<ByteBudget>,
    sender: Sender,
    bytes: usize,
    is_finished: bool,
}

impl Share {
    /// Adds bytes to the share. Returns false, and adds nothing, if the budget is used up.
    #[must_use]
    pub fn grow(&mut self, bytes: usize) -> bool {
        let most = self.budget.most;
        if !take(&self.budget.all, bytes, most) {
            return false;
        }
        if let Sender::Stranger(network) = self.sender
            && !self.budget.strangers().grow(network, bytes, most / 2)
        {
            self.budget.all.fetch_sub(bytes, Ordering::Relaxed);
            return false;
        }
        self.bytes += bytes;
        true
    }

    /// The body has ended: the sender's network may send another one.
    pub fn finish(&mut self) {
        if !self.is_finished
            && let Sender::Stranger(network) = self.sender
        {
            self.budget.strangers().finish(network);
        }
        self.is_finished = true;
    }
}

fn take(counter: &AtomicUsize, bytes: usize, most: usize) -> bool {
    let more = |taken: usize| taken.checked_add(bytes).filter(|sum| *sum <= most);
    counter
        .fetch_update(Ordering::Relaxed, Ordering::Relaxed, more)
        .is_ok()
}

impl Drop for Share {
    fn drop(&mut self) {
        self.finish();
        self.budget.all.fetch_sub(self.bytes, Ordering::Relaxed);
        if let Sender::Stranger(network) = self.sender {
            self.budget.strangers().end(network, self.bytes);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::IpAddr;

    fn stranger(address: impl Into<IpAddr>) -> Sender {
        Sender::Stranger(Network::of(address.into()))
    }

    #[test]
    fn released_bytes_are_available_again() {
        let budget = ByteBudget::new(100);
        let mut one = budget.share(Sender::Known).expect("a share");
        let mut other = budget.share(Sender::Known).expect("a share");
        assert!(one.grow(60));
        assert!(!other.grow(41), "a byte too many");
        assert!(other.grow(40));
        assert!(!other.grow(usize::MAX), "no overflow");
        assert_eq!(budget.taken(), 100);
        drop(one);
        assert!(other.grow(60));
        drop(other);
        assert_eq!(budget.taken(), 0);
    }

    #[test]
    fn anonymous_senders_leave_half_of_the_budget() {
        let budget = ByteBudget::new(100);
        let mut one = budget.share(stranger([203, 0, 113, 1])).expect("a share");
        assert!(one.grow(50));
        assert!(!one.grow(1));
        assert!(!one.grow(usize::MAX), "no overflow");
        let mut other = budget.share(stranger([203, 0, 113, 2])).expect("a share");
        assert!(!other.grow(1));
        assert_eq!(budget.taken(), 50, "what was refused is not taken");
        let mut known = budget.share(Sender::Known).expect("a share");
        assert!(known.grow(50));
        drop(one);
        assert!(other.grow(50));
    }

    #[test]
    fn a_network_has_a_small_part_of_it() {
        let budget = ByteBudget::new(64 * 1024 * 1024);
        let sender = stranger("2001:db8::1".parse::<IpAddr>().expect("an address"));
        let same = stranger("2001:db8::2".parse::<IpAddr>().expect("an address"));
        let mut one = budget.share(sender).expect("a share");
        assert!(one.grow(NETWORK_BYTES));
        let mut other = budget.share(same).expect("a share");
        assert!(!other.grow(1));
        let mut elsewhere = budget.share(stranger([203, 0, 113, 1])).expect("a share");
        assert!(elsewhere.grow(NETWORK_BYTES));
        let mut known = budget.share(Sender::Known).expect("a share");
        assert!(known.grow(2 * NETWORK_BYTES));
        drop(one);
        assert!(other.grow(1));
    }

    #[test]
    fn a_network_has_few_bodies_on_their_way() {
        let budget = ByteBudget::new(64 * 1024 * 1024);
        for sender in [stranger([203, 0, 113, 1]), Sender::Stranger(Network::Unreadable)] {
            let mut open: Vec<_> = (0..NETWORK_BODIES).map_while(|_| budget.share(sender)).collect();
            assert_eq!(open.len(), NETWORK_BODIES);
            assert!(budget.share(sender).is_none());
            assert!(budget.share(stranger([203, 0, 113, 2])).is_some(), "others");
            // A body that has ended is still in memory, but another one may be received.
            open[0].finish();
            open[0].finish();
            let next = budget.share(sender).expect("a share");
            assert!(budget.share(sender).is_none());
            drop(next);
            open.truncate(NETWORK_BODIES - 1);
            assert!(budget.share(sender).is_some());
            drop(open);
            assert_eq!(
                budget.networks(),
                0,
                "nothing is kept of a network without bodies"
            );
        }
    }

    #[test]
    fn an_address_of_a_private_network_may_be_that_of_many() {
        let budget = ByteBudget::new(64 * 1024 * 1024);
        let of_strangers = 32 * 1024 * 1024;
        let sender = stranger([10, 0, 0, 1]);
        let mut open: Vec<_> = (0..1_000).map_while(|_| budget.share(sender)).collect();
        assert_eq!(open.len(), 1_000);
        assert!(open[0].grow(of_strangers / 2));
        assert!(!open[1].grow(1));
        let mut other = budget.share(stranger([203, 0, 113, 1])).expect("a share");
        assert!(other.grow(NETWORK_BYTES), "others have the other half");
    }

    #[test]
    fn the_networks_are_bounded_and_their_memory_is_freed() {
        let budget = ByteBudget::new(1_000);
        let networks = u32::try_from(NETWORKS).expect("a number");
        let of = |n: u32| stranger(IpAddr::from(std::net::Ipv4Addr::from(0xCB00_7100 + n)));
        let open: Vec<_> = (0..networks).map_while(|n| budget.share(of(n))).collect();
        assert_eq!(open.len(), NETWORKS);
        assert!(budget.share(of(networks)).is_none());
        drop(open);
        assert_eq!(budget.networks(), 0);
        assert!(budget.strangers().networks.capacity() <= 2_048);
        assert!(budget.share(of(networks)).is_some());
    }
}
