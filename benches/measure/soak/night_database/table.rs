//! The table of what was answered in each second, in Markdown. Seconds in which most answers were of the same kind are one row.

use super::{
    request::{Column, Verdict},
    seen::{Answer, Seen, in_words},
};
use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

/// Responses of one second, or of several similar ones.
#[derive(Default)]
struct Row {
    counts: [BTreeMap<u16, u32>; 5],
    /// Number of right responses, and of others.
    judged: [(u32, u32); 5],
    longest: [Duration; 5],
}

impl Row {
    fn add(&mut self, answer: &Answer) {
        let Some(column) = Column::ALL.iter().position(|of| *of == answer.kind.column()) else {
            return;
        };
        *self.counts[column].entry(answer.status).or_default() += 1;
        let judged = &mut self.judged[column];
        if answer.verdict == Verdict::Right {
            judged.0 += 1;
        } else {
            judged.1 += 1;
        }
        self.longest[column] = self.longest[column].max(answer.took);
    }

    /// Whether the majority in each column is right in both, or in neither. A second without responses is similar to any.
    fn is_like(&self, other: &Self) -> bool {
        let most = |(right, others): (u32, u32)| (right + others > 0).then_some(right > others);
        self.judged
            .iter()
            .zip(&other.judged)
            .all(|(one, another)| match (most(*one), most(*another)) {
                (Some(one), Some(another)) => one == another,
                _ => true,
            })
    }

    fn join(&mut self, other: Self) {
        for column in 0..Column::ALL.len() {
            for (status, count) in &other.counts[column] {
                *self.counts[column].entry(*status).or_default() += count;
            }
            self.judged[column].0 += other.judged[column].0;
            self.judged[column].1 += other.judged[column].1;
            self.longest[column] = self.longest[column].max(other.longest[column]);
        }
    }

    fn print(&self, name: &str, first: i64, last: i64) {
        let seconds = if first == last {
            first.to_string()
        } else {
            format!("{first} to {last}")
        };
        let counts = self.counts.each_ref().map(in_words).join(" | ");
        let longest = self.longest.map(|time| format!("{:.2}", time.as_secs_f64()));
        println!("| {name} | {seconds} | {counts} | {} |", longest.join(" / "));
    }
}

/// Prints it. Second 0 begins with the fault; the seconds before it are negative.
pub fn print_seconds(name: &str, began: Instant, before: Duration, seen: &Seen) {
    println!("\n| PostgreSQL | second | {} | longest in s |", headings());
    println!("|---|---|---|---|---|---|---|---|");
    let mut seconds = BTreeMap::<u64, Row>::new();
    for answer in seen.iter() {
        let second = (answer.at() + before).saturating_duration_since(began).as_secs();
        seconds.entry(second).or_default().add(answer);
    }
    let number = |second: u64| second.cast_signed() - before.as_secs().cast_signed();
    let mut open: Option<(i64, i64, Row)> = None;
    for (second, row) in seconds {
        let second = number(second);
        open = Some(match open {
            Some((first, _, mut before)) if before.is_like(&row) && (first < 0) == (second < 0) => {
                before.join(row);
                (first, second, before)
            }
            Some((first, last, before)) => {
                before.print(name, first, last);
                (second, second, row)
            }
            None => (second, second, row),
        });
    }
    if let Some((first, last, row)) = open {
        row.print(name, first, last);
    }
}

/// The columns' names.
pub fn headings() -> String {
    Column::ALL.map(Column::name).join(" | ")
}
