//! The other servers that share the database, by their rows: the change number of each, and whether it still
//! polls.

use crate::server::{runtime::clock::Uptime, store::engine::invalidation::HOLDS};
use std::collections::HashMap;

/// The content of a server's row. It changes with each poll of that server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shown {
    /// The acknowledged change number: the server has dropped all keys changed up to it.
    pub epoch: i64,
    /// Counts its polls.
    pub beat: i64,
    /// Database time in milliseconds; for rows of earlier releases, which have no beat.
    pub seen_at: i64,
}

/// The rows as last read, and since when each is unchanged.
#[derive(Default)]
pub struct Peers(HashMap<String, (Shown, Uptime)>);

impl Peers {
    /// Processes the rows, requested at `asked` and received at `answered`.
    pub fn see(&mut self, rows: Vec<(String, Shown)>, asked: Uptime, answered: Uptime) -> Vec<Peer> {
        let mut seen = HashMap::new();
        let mut peers = Vec::new();
        for (id, shown) in rows {
            let since = match self.0.get(&id) {
                Some((before, since)) if *before == shown => *since,
                _ => answered,
            };
            peers.push(Peer {
                id: id.clone(),
                shown,
                stands_still: asked.since(since) >= HOLDS,
            });
            seen.insert(id, (shown, since));
        }
        self.0 = seen;
        peers
    }
}

/// Another server.
#[derive(Debug, PartialEq, Eq)]
pub struct Peer {
    /// Its id.
    pub id: String,
    /// Its row.
    pub shown: Shown,
    /// Whether the row has been unchanged for so long that the server's lease has expired.
    pub stands_still: bool,
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn at(millis: u64) -> Uptime {
        Uptime::from_nanos(millis * 1_000_000)
    }

    fn row(epoch: i64, beat: i64, seen_at: i64) -> Vec<(String, Shown)> {
        vec![("b".to_owned(), Shown { epoch, beat, seen_at })]
    }

    #[test]
    fn a_row_that_shows_the_same_for_a_second_stands_still() {
        let mut peers = Peers::default();
        let mut stands_still = |rows, millis| {
            let asked = at(millis);
            peers.see(rows, asked, asked.plus(Duration::from_millis(5)))[0].stands_still
        };
        assert!(!stands_still(row(1, 1, 0), 0), "it is new");
        assert!(
            !stands_still(row(1, 1, 0), 1_004),
            "counted from the answer to the question"
        );
        assert!(stands_still(row(1, 1, 0), 1_005));
        for (moved, millis) in [
            (row(2, 1, 0), 2_000),
            (row(2, 2, 0), 4_000),
            (row(2, 2, 1), 6_000),
        ] {
            assert!(!stands_still(moved.clone(), millis), "{moved:?}");
            assert!(stands_still(moved, millis + 1_500));
        }
        assert!(!stands_still(row(2, 1, 0), 9_000), "back is another one too");
    }

    #[test]
    fn a_row_that_was_deleted_counts_as_a_new_one() {
        let mut peers = Peers::default();
        peers.see(row(1, 1, 0), at(0), at(0));
        assert_eq!(peers.see(Vec::new(), at(500), at(500)), []);
        assert!(!peers.see(row(1, 1, 0), at(1_500), at(1_500))[0].stands_still);
    }
}
