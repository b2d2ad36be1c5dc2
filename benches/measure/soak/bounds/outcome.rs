//! Results of an attack.

use std::collections::BTreeMap;
use tokio::task::JoinSet;

/// The address of an anonymous client.
pub const STRANGER: &str = "203.0.113.60";

/// The result.
#[derive(Default)]
pub struct Outcome {
    /// The result in words.
    pub said: String,
    /// Bounds of this attack alone: name, measured value, whether it holds, and the bound.
    pub bounds: Vec<(&'static str, String, bool, String)>,
}

/// Number of responses with each status; 0 is no response.
#[derive(Default)]
pub struct Statuses(BTreeMap<u16, u32>);

impl Statuses {
    /// Counts an answer.
    pub fn add(&mut self, status: u16) {
        *self.0.entry(status).or_default() += 1;
    }

    fn said(&self) -> String {
        let each: Vec<_> = self
            .0
            .iter()
            .map(|(status, count)| match status {
                0 => format!("{count} times no answer"),
                _ => format!("{count} times {status}"),
            })
            .collect();
        each.join(", ")
    }
}

impl Extend<Statuses> for Statuses {
    fn extend<T: IntoIterator<Item = Statuses>>(&mut self, others: T) {
        for (status, count) in others.into_iter().flat_map(|other| other.0) {
            *self.0.entry(status).or_default() += count;
        }
    }
}

impl From<Statuses> for Outcome {
    fn from(statuses: Statuses) -> Self {
        Self {
            said: statuses.said(),
            bounds: Vec::new(),
        }
    }
}

/// All responses.
pub async fn all(mut tasks: JoinSet<Statuses>) -> Statuses {
    let mut statuses = Statuses::default();
    while let Some(done) = tasks.join_next().await {
        statuses.extend(done);
    }
    statuses
}
