//! The other servers that share the database, by their rows: the change number of each, and whether it still
//! polls.

use crate::server::{runtime::clock::Uptime, store::engine::invalidation::LEASE};
use std::collections::HashMap;

/// The content of a server's row. It changes with each poll of that server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PeerRow {
    /// The acknowledged change number: the server has dropped all keys changed up to it.
    pub epoch: i64,
    /// Counts its polls.
    pub beat: i64,
    /// Database time in milliseconds; for rows of earlier releases, which have no beat.
    pub seen_at: i64,
}

/// The rows as last read, and since when each is unchanged.
#[derive(Default)]
pub struct Peers(HashMap<String, (PeerRow, Uptime)>);

impl Peers {
    /// Processes the rows, requested at `requested` and received at `received`.
    pub fn update(&mut self, rows: Vec<(String, PeerRow)>, requested: Uptime, received: Uptime) -> Vec<Peer> {
        let mut seen = HashMap::new();
        let mut peers = Vec::new();
        for (id, row) in rows {
            let since = match self.0.get(&id) {
                Some((before, since)) if *before == row => *since,
                _ => received,
            };
            peers.push(Peer {
                id: id.clone(),
                row,
                is_expired: requested.since(since) >= LEASE,
            });
            seen.insert(id, (row, since));
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
    pub row: PeerRow,
    /// Whether the row has been unchanged for so long that the server's lease has expired.
    pub is_expired: bool,
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn at(millis: u64) -> Uptime {
        Uptime::from_nanos(millis * 1_000_000)
    }

    fn row(epoch: i64, beat: i64, seen_at: i64) -> Vec<(String, PeerRow)> {
        vec![("b".to_owned(), PeerRow { epoch, beat, seen_at })]
    }

    #[test]
    fn a_row_that_is_unchanged_for_a_second_has_expired() {
        let mut peers = Peers::default();
        let mut is_expired = |rows, millis| {
            let requested = at(millis);
            peers.update(rows, requested, requested.plus(Duration::from_millis(5)))[0].is_expired
        };
        assert!(!is_expired(row(1, 1, 0), 0), "it is new");
        assert!(
            !is_expired(row(1, 1, 0), 1_004),
            "counted from the answer to the first query"
        );
        assert!(is_expired(row(1, 1, 0), 1_005));
        for (changed, millis) in [
            (row(2, 1, 0), 2_000),
            (row(2, 2, 0), 4_000),
            (row(2, 2, 1), 6_000),
        ] {
            assert!(!is_expired(changed.clone(), millis), "{changed:?}");
            assert!(is_expired(changed, millis + 1_500));
        }
        assert!(
            !is_expired(row(2, 1, 0), 9_000),
            "an earlier value is a change too"
        );
    }

    #[test]
    fn a_row_that_was_deleted_counts_as_a_new_one() {
        let mut peers = Peers::default();
        peers.update(row(1, 1, 0), at(0), at(0));
        assert_eq!(peers.update(Vec::new(), at(500), at(500)), []);
        assert!(!peers.update(row(1, 1, 0), at(1_500), at(1_500))[0].is_expired);
    }
}
