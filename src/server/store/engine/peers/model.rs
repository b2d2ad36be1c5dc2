//! A model of docs/decisions/0008 that explores every interleaving of its steps: two servers, one change, one crash of
//! the database. A stopped server is one that takes no step while time passes.
//!
//! Server A changes a key and sends the response. Server B has cached the old key.

use std::collections::{HashSet, VecDeque};

/// The lease in clock ticks, and the length of a run.
const LEASE: u8 = 2;
const END: u8 = 6;
/// Maximum number of B's polls: more find nothing new.
const POLLS: u8 = 4;

/// Variants of the algorithm; the model must find an error in each except the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Order {
    Right,
    /// B's lease counts from the end of its poll.
    LeaseFromTheEnd,
    /// B uses its cache before the write of its row is acknowledged.
    LeaseWithoutRow,
    /// B acknowledges a change before it has dropped the key.
    AcknowledgedBeforeDropped,
    /// B continues without a row.
    NoRow,
    /// A deletes a row that has changed in the meantime.
    DeletesAChangedRow,
    /// A measures across a crash, after which rows may show an older number.
    MeasuresAcrossACrash,
    /// A treats a row as unchanged after reading it only once.
    GoneAfterOneRead,
}

/// B's row: its acknowledged change number, and how often it was written.
type Row = (u8, u8);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Poll {
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
    Deletes(u8, Row, u8),
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
    polls: u8,
    poll: Poll,
    /// B's acknowledged change number.
    acknowledged: u8,
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
        polls: 0,
        poll: Poll::None,
        acknowledged: 0,
        holds_old: true,
        lease: None,
        change: Change::None(None),
    };

    /// B would accept the key although A has sent the response.
    fn is_violated(&self) -> bool {
        let is_leased = self.lease.is_some_and(|began| self.time - began < LEASE);
        self.change == Change::Answered && is_leased && self.holds_old
    }

    fn next(self, order: Order) -> impl Iterator<Item = Self> {
        [
            self.tick(),
            self.crash(order),
            self.b(order),
            self.a_commits(),
            self.a_polls(order),
            self.a_times_out(),
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
        self.poll = Poll::None;
        self.change = match self.change {
            _ if order == Order::MeasuresAcrossACrash => self.change,
            Change::None(_) => Change::None(None),
            Change::Committed(at, _) | Change::Deletes(at, ..) => Change::Committed(at, None),
            Change::Answered => Change::Answered,
        };
        Some(self)
    }

    fn drop_up_to(&mut self, counter: u8) {
        self.acknowledged = counter;
        self.holds_old &= counter == 0;
    }

    fn b(mut self, order: Order) -> Option<Self> {
        self.poll = match self.poll {
            Poll::None if self.polls == POLLS => return None,
            Poll::None => {
                self.polls += 1;
                Poll::Begun(self.time)
            }
            Poll::Begun(began) => Poll::Read(began, self.counter),
            Poll::Read(began, counter) => {
                if order == Order::AcknowledgedBeforeDropped {
                    self.row = self.row.map(|(_, beat)| (counter, beat + 1));
                } else {
                    self.drop_up_to(counter);
                }
                if order == Order::LeaseWithoutRow {
                    self.lease = Some(began);
                }
                if order == Order::AcknowledgedBeforeDropped && self.row.is_some() {
                    Poll::Written(began)
                } else {
                    self.drop_up_to(counter);
                    Poll::Dropped(began)
                }
            }
            Poll::Dropped(began) => match self.row {
                Some((_, beat)) => {
                    self.row = Some((self.acknowledged, beat + 1));
                    Poll::Written(began)
                }
                None if order == Order::NoRow => Poll::Written(began),
                None => Poll::Rowless,
            },
            Poll::Written(began) => {
                if order == Order::AcknowledgedBeforeDropped {
                    self.drop_up_to(self.row.map_or(0, |(epoch, _)| epoch));
                }
                let counts_from = if order == Order::LeaseFromTheEnd {
                    self.time
                } else {
                    began
                };
                self.lease = Some(counts_from);
                Poll::None
            }
            Poll::Rowless => {
                self.row = Some((self.acknowledged, 0));
                self.flushed = self.row;
                Poll::None
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

    fn a_polls(mut self, order: Order) -> Option<Self> {
        self.change = match self.change {
            Change::None(seen) => Change::None(self.row.map(|row| match seen {
                Some((before, since)) if row == before => (row, since),
                _ => (row, self.time),
            })),
            Change::Committed(at, seen) => match (self.row, seen) {
                (None | Some((1.., _)), _) => Change::Answered,
                (Some(row), Some((before, since))) if row == before && self.time - since >= LEASE => {
                    Change::Deletes(at, row, since)
                }
                (Some(row), Some((before, since))) if row == before => {
                    Change::Committed(at, Some((row, since)))
                }
                (Some(row), _) if order == Order::GoneAfterOneRead => Change::Deletes(at, row, self.time),
                (Some(row), _) => Change::Committed(at, Some((row, self.time))),
            },
            Change::Deletes(at, row, _) => {
                if self.row == Some(row) || order == Order::DeletesAChangedRow {
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
    fn a_times_out(mut self) -> Option<Self> {
        let (Change::Committed(at, _) | Change::Deletes(at, ..)) = self.change else {
            return None;
        };
        self.change = Change::Answered;
        (self.time - at >= LEASE).then_some(self)
    }
}

/// Whether B can accept the key although A has sent the response, and the number of explored states.
fn explore(order: Order) -> (bool, usize) {
    let (mut seen, mut ahead) = (HashSet::from([State::START]), VecDeque::from([State::START]));
    while let Some(state) = ahead.pop_front() {
        if state.is_violated() {
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
fn no_interleaving_uses_an_old_key_after_the_response() {
    let (is_violated, states) = explore(Order::Right);
    assert!(!is_violated);
    assert!(states > 10_000, "{states}");
}

#[test]
fn each_mistake_in_the_order_of_steps_is_found() {
    for mistake in [
        Order::LeaseFromTheEnd,
        Order::LeaseWithoutRow,
        Order::AcknowledgedBeforeDropped,
        Order::NoRow,
        Order::DeletesAChangedRow,
        Order::MeasuresAcrossACrash,
        Order::GoneAfterOneRead,
    ] {
        assert!(explore(mistake).0, "{mistake:?}");
    }
}
