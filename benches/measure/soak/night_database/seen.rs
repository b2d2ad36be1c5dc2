//! Responses, and whether they were right.

use super::request::{Column, Kind, Verdict};
use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

/// A response.
#[derive(Clone, Copy, Debug)]
pub struct Answer {
    /// The kind of its request.
    pub kind: Kind,
    /// When the request was sent.
    pub began: Instant,
    /// How long it took.
    pub took: Duration,
    /// Its status; 0 if there was none.
    pub status: u16,
    /// Whether it is right.
    pub verdict: Verdict,
}

impl Answer {
    /// When it arrived.
    pub fn at(&self) -> Instant {
        self.began + self.took
    }
}

/// Responses in the order of their arrival.
pub struct Seen(Vec<Answer>);

impl Seen {
    /// All of them.
    pub fn new(mut answers: Vec<Answer>) -> Self {
        answers.sort_by_key(Answer::at);
        Self(answers)
    }

    /// Their number.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Iterates over them.
    pub fn iter(&self) -> impl Iterator<Item = &Answer> {
        self.0.iter()
    }

    /// Those of a column.
    fn of(&self, column: Column) -> impl Iterator<Item = &Answer> {
        self.iter().filter(move |answer| answer.kind.column() == column)
    }

    /// Those whose request was sent at or after `from` and answered by `until`.
    fn between(&self, from: Instant, until: Instant) -> impl Iterator<Item = &Answer> {
        self.iter()
            .filter(move |answer| answer.began >= from && answer.at() <= until)
    }

    /// Those that are wrong in any state of the database: `2: Ended 200`.
    pub fn wrong(&self) -> String {
        listed(self.iter().filter(|answer| answer.verdict == Verdict::Wrong))
    }

    /// Those of this time that differ from the expected response of their column.
    pub fn unlike(&self, from: Instant, until: Instant, expected: [Verdict; 5]) -> String {
        listed(self.between(from, until).filter(|answer| {
            let column = Column::ALL.iter().position(|of| *of == answer.kind.column());
            column.is_none_or(|column| expected[column] != answer.verdict)
        }))
    }

    /// Number of those in a column and this time with another verdict.
    pub fn unlike_in(&self, column: Column, from: Instant, until: Instant, expected: Verdict) -> usize {
        let unlike = self
            .between(from, until)
            .filter(|answer| answer.kind.column() == column && answer.verdict != expected);
        unlike.count()
    }

    /// The longest duration.
    pub fn longest(&self, column: Column) -> Duration {
        self.of(column)
            .map(|answer| answer.took)
            .max()
            .unwrap_or_default()
    }

    /// Time from `from` until the last request with a wrong response was sent, among those sent before `until`.
    pub fn last_refused(&self, from: Instant, until: Instant) -> Duration {
        self.iter()
            .filter(|answer| answer.verdict != Verdict::Right && (from..until).contains(&answer.began))
            .map(|answer| answer.began - from)
            .max()
            .unwrap_or_default()
    }

    /// Statuses of this time with their numbers: `200: 12, 503: 3`.
    pub fn statuses(&self, column: Column, from: Instant, until: Instant) -> String {
        let mut counts = BTreeMap::new();
        for answer in self.between(from, until) {
            if answer.kind.column() == column {
                *counts.entry(answer.status).or_default() += 1;
            }
        }
        in_words(&counts)
    }
}

/// The statuses, each with its number of responses.
pub fn in_words(counts: &BTreeMap<u16, u32>) -> String {
    let words: Vec<_> = counts
        .iter()
        .map(|(status, count)| match status {
            0 => format!("no answer: {count}"),
            _ => format!("{status}: {count}"),
        })
        .collect();
    if words.is_empty() {
        "none".to_owned()
    } else {
        words.join(", ")
    }
}

/// The number of these responses, and what they are: `3: Create 409, Ended 200`.
fn listed<'a>(answers: impl Iterator<Item = &'a Answer>) -> String {
    let (mut count, mut which) = (0, Vec::new());
    for answer in answers {
        count += 1;
        let what = format!("{:?} {}", answer.kind, answer.status);
        if !which.contains(&what) {
            which.push(what);
        }
    }
    if count == 0 {
        return "0".to_owned();
    }
    format!("{count}: {}", which.join(", "))
}
