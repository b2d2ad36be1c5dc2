//! The bytes of all request bodies that are in memory at once (docs/security.md, S89).

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

/// Whose body it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sender {
    /// Anybody: all of these together get at most half of the budget, so that strangers cannot use it up.
    Stranger,
    /// Somebody with a session or a good key.
    Known,
}

/// How many bytes there may be.
#[derive(Debug)]
pub struct ByteBudget {
    most: usize,
    all: AtomicUsize,
    strangers: AtomicUsize,
}

impl ByteBudget {
    /// A budget of so many bytes.
    #[must_use]
    pub fn new(most: usize) -> Arc<Self> {
        Arc::new(Self {
            most,
            all: AtomicUsize::new(0),
            strangers: AtomicUsize::new(0),
        })
    }

    /// An empty share of it.
    #[must_use]
    pub fn share(self: &Arc<Self>, sender: Sender) -> Share {
        Share {
            budget: Arc::clone(self),
            sender,
            bytes: 0,
        }
    }

    /// Bytes that are taken at the moment.
    #[must_use]
    pub fn taken(&self) -> usize {
        self.all.load(Ordering::Relaxed)
    }
}

/// What one body takes of the budget; given back when it is dropped.
#[derive(Debug)]
pub struct Share {
    budget: Arc<ByteBudget>,
    sender: Sender,
    bytes: usize,
}

impl Share {
    /// Takes so many bytes more. False, and nothing is taken, where they are not there.
    #[must_use]
    pub fn grow(&mut self, bytes: usize) -> bool {
        let most = self.budget.most;
        if !take(&self.budget.all, bytes, most) {
            return false;
        }
        if self.sender == Sender::Stranger && !take(&self.budget.strangers, bytes, most / 2) {
            self.budget.all.fetch_sub(bytes, Ordering::Relaxed);
            return false;
        }
        self.bytes += bytes;
        true
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
        self.budget.all.fetch_sub(self.bytes, Ordering::Relaxed);
        if self.sender == Sender::Stranger {
            self.budget.strangers.fetch_sub(self.bytes, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_taken_is_given_back() {
        let budget = ByteBudget::new(100);
        let mut one = budget.share(Sender::Known);
        let mut other = budget.share(Sender::Known);
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
    fn strangers_leave_half_of_it() {
        let budget = ByteBudget::new(100);
        let mut stranger = budget.share(Sender::Stranger);
        assert!(stranger.grow(50));
        assert!(!stranger.grow(1));
        assert_eq!(budget.taken(), 50, "what was refused is not taken");
        let mut known = budget.share(Sender::Known);
        assert!(known.grow(50));
        drop(stranger);
        let mut stranger = budget.share(Sender::Stranger);
        assert!(stranger.grow(50));
    }
}
