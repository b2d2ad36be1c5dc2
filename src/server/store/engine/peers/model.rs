//! A model of docs/decisions/0008 that explores every interleaving of its steps: two servers, one change, one crash of
//! the database. A stopped server is one that takes no step while time passes.
//!
//! Server A changes a key and sends the response. Server B has cached the old key.

use std::collections::{HashSet, VecDeque};

/// The lease in clock ticks, and the length of a run.
const HOLDS: u8 = 2;
const END: u8 = 6;
/// Maximum number of B's polls: more find nothing new.
const LOOKS: u8 = 4;

/// Variants of the algorithm; the model must find an error in each except the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Order {
    Right,
    /// B's lease counts from the end of its poll.
    LeaseFromTheEnd,
    /// B uses its cache before the write of its row is acknowledged.
    LeaseWithoutRow,
    /// B acknowledges a change before it has dropped the key.
    ShownBeforeDropped,
    /// B continues without a row.
    NoRow,
    /// A deletes a row that has changed in the meantime.
    ForgetsWhateverIsThere,
    /// A measures across a crash, after which rows may show an older number.
    CountsOverACrash,
    /// A treats a row as unchanged after reading it only once.
    GoneAtOnce,
}

/// B's row: its acknowledged change number, and how often it was written.
type Row = (u8, u8);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Look {
    None,
    /// The poll began at this time.
    Begun(u8),
    /// It began at this time and read this counter.
    Read(u8, u8),
    /// The changed keys are dropped.
    Dropped(u8),
    /// The row is written; its acknowledgement is in transit.
    Written(u8),
    /// There is no row.
    Rowless,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Change {
    /// No change yet; the row of B that A last read, and since when it is unchanged.
    None(Option<(Row, u8)>),
    /// Committed at this time; the row as above.
    Committed(u8, Option<(Row, u8)>),
    /// A has seen the row unchanged for long enough, and is about to delete it.
    Forgets(u8, Row, u8),
    Answered,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct State {
    time: u8,
    counter: u8,
    row: Option<Row>,
    /// The row after a crash: inserting it was flushed.
    flushed: Option<Row>,
    has_crashed: bool,
    looks: u8,
    look: Look,
    /// B's acknowledged change number.
    noted: u8,
    holds_old: bool,
    /// Start of the poll from which B's lease counts.
    lease: Option<u8>,
    change: Change,
}

impl State {
    const START: Self = Self {
        time: 0,
        counter: 0,
        row: None,
        flushed: None,
        has_crashed: false,
        looks: 0,
        look: Look::None,
        noted: 0,
        holds_old: true,
        lease: None,
        change: Change::None(None),
    };

    /// B would accept the key although A has sent the response.
    fn is_wrong(&self) -> bool {
        let is_leased = self.lease.is_some_and(|began| self.time - began < HOLDS);
        self.change == Change::Answered && is_leased && self.holds_old
    }

    fn next(self, order: Order) -> impl Iterator<Item = Self> {
        [
            self.tick(),
            self.crash(order),
            self.b(order),
            self.a_commits(),
            self.a_looks(order),
            self.a_waited(),
        ]
        .into_iter()
        .flatten()
    }

    fn tick(mut self) -> Option<Self> {
        self.time += 1;
        (self.time <= END).then_some(self)
    }

    /// Writes that were not flushed are lost, and all connections end.
    fn crash(mut self, order: Order) -> Option<Self> {
        if self.has_crashed {
            return None;
        }
        self.has_crashed = true;
        self.row = self.row.and(self.flushed);
        self.look = Look::None;
        self.change = match self.change {
            _ if order == Order::CountsOverACrash => self.change,
            Change::None(_) => Change::None(None),
            Change::Committed(at, _) | Change::Forgets(at, ..) => Change::Committed(at, None),
            Change::Answered => Change::Answered,
        };
        Some(self)
    }

    fn drop_up_to(&mut self, counter: u8) {
        self.noted = counter;
        self.holds_old &= counter == 0;
    }

    fn b(mut self, order: Order) -> Option<Self> {
        self.look = match self.look {
            Look::None if self.looks == LOOKS => return None,
            Look::None => {
                self.looks += 1;
                Look::Begun(self.time)
            }
            Look::Begun(began) => Look::Read(began, self.counter),
            Look::Read(began, counter) => {
                if order == Order::ShownBeforeDropped {
                    self.row = self.row.map(|(_, beat)| (counter, beat + 1));
                } else {
                    self.drop_up_to(counter);
                }
                if order == Order::LeaseWithoutRow {
                    self.lease = Some(began);
                }
                if order == Order::ShownBeforeDropped && self.row.is_some() {
                    Look::Written(began)
                } else {
                    self.drop_up_to(counter);
                    Look::Dropped(began)
                }
            }
            Look::Dropped(began) => match self.row {
                Some((_, beat)) => {
                    self.row = Some((self.noted, beat + 1));
                    Look::Written(began)
                }
                None if order == Order::NoRow => Look::Written(began),
                None => Look::Rowless,
            },
            Look::Written(began) => {
                if order == Order::ShownBeforeDropped {
                    self.drop_up_to(self.row.map_or(0, |(epoch, _)| epoch));
                }
                let counts_from = if order == Order::LeaseFromTheEnd {
                    self.time
                } else {
                    began
                };
                self.lease = Some(counts_from);
                Look::None
            }
            Look::Rowless => {
                self.row = Some((self.noted, 0));
                self.flushed = self.row;
                Look::None
            }
        };
        Some(self)
    }

    fn a_commits(mut self) -> Option<Self> {
        let Change::None(seen) = self.change else {
            return None;
        };
        self.counter = 1;
        self.change = Change::Committed(self.time, seen);
        Some(self)
    }

    fn a_looks(mut self, order: Order) -> Option<Self> {
        self.change = match self.change {
            Change::None(seen) => Change::None(self.row.map(|row| match seen {
                Some((before, since)) if row == before => (row, since),
                _ => (row, self.time),
            })),
            Change::Committed(at, seen) => match (self.row, seen) {
                (None | Some((1.., _)), _) => Change::Answered,
                (Some(row), Some((before, since))) if row == before && self.time - since >= HOLDS => {
                    Change::Forgets(at, row, since)
                }
                (Some(row), Some((before, since))) if row == before => {
                    Change::Committed(at, Some((row, since)))
                }
                (Some(row), _) if order == Order::GoneAtOnce => Change::Forgets(at, row, self.time),
                (Some(row), _) => Change::Committed(at, Some((row, self.time))),
            },
            Change::Forgets(at, row, _) => {
                if self.row == Some(row) || order == Order::ForgetsWhateverIsThere {
                    self.row = None;
                    Change::Answered
                } else {
                    Change::Committed(at, None)
                }
            }
            Change::Answered => return None,
        };
        Some(self)
    }

    /// A stops waiting after a second, whatever the rows contain.
    fn a_waited(mut self) -> Option<Self> {
        let (Change::Committed(at, _) | Change::Forgets(at, ..)) = self.change else {
            return None;
        };
        self.change = Change::Answered;
        (self.time - at >= HOLDS).then_some(self)
    }
}

/// Whether B can accept the key although A has sent the response, and the number of explored states.
fn tried(order: Order) -> (bool, usize) {
    let (mut seen, mut ahead) = (HashSet::from([State::START]), VecDeque::from([State::START]));
    while let Some(state) = ahead.pop_front() {
        if state.is_wrong() {
            return (true, seen.len());
        }
        for next in state.next(order) {
            if seen.insert(next) {
                ahead.push_back(next);
            }
        }
    }
    (false, seen.len())
}

#[test]
fn in_no_order_of_events_is_an_old_key_used_after_the_answer() {
    let (is_wrong, states) = tried(Order::Right);
    assert!(!is_wrong);
    assert!(states > 10_000, "{states}");
}

#[test]
fn each_mistake_in_the_order_of_steps_is_found() {
    for mistake in [
        Order::LeaseFromTheEnd,
        Order::LeaseWithoutRow,
        Order::ShownBeforeDropped,
        Order::NoRow,
        Order::ForgetsWhateverIsThere,
        Order::CountsOverACrash,
        Order::GoneAtOnce,
    ] {
        assert!(tried(mistake).0, "{mistake:?}");
    }
}
