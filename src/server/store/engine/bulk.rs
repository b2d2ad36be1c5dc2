//! Bulk inserts: statements that bind many rows at once (a CTE `given` on SQLite, `UNNEST` on PostgreSQL),
//! because the overhead of a statement for each row dominates.

use std::fmt::Write as _;

/// Number of rows of the large statement on SQLite. Transactions with a multiple of it are the fastest.
pub const MANY: usize = 64;

/// A column and its type.
pub type Column = (&'static str, &'static str);

/// Names of the columns, separated by commas.
pub fn names(columns: &[Column]) -> String {
    columns
        .iter()
        .map(|(name, _)| *name)
        .collect::<Vec<_>>()
        .join(", ")
}

/// The CTE for SQLite, before the statement itself. Its placeholders are not numbered: SQLite treats numbered
/// ones as names, and searches all of them for each one.
pub fn rows(columns: &[Column], rows: usize) -> String {
    let row = format!("({})", vec!["?"; columns.len()].join(", "));
    format!(
        "WITH given ({}) AS (VALUES {}) ",
        names(columns),
        vec![row; rows].join(", ")
    )
}

/// The table expression for PostgreSQL, in the FROM clause: one array for each column, of any length.
pub fn columns(columns: &[Column]) -> String {
    let mut given = String::from("UNNEST(");
    for (place, (_, kind)) in columns.iter().enumerate() {
        let comma = if place == 0 { "" } else { ", " };
        // Writing to a string cannot fail.
        let _ = write!(given, "{comma}${}::{kind}[]", place + 1);
    }
    let _ = write!(given, ") AS given ({})", names(columns));
    given
}

/// The values of a column.
pub fn column<'r, R, T>(rows: &'r [R], value: impl Fn(&'r R) -> T) -> Vec<T> {
    rows.iter().map(value).collect()
}
