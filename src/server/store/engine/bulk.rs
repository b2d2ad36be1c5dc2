//! Rows that a statement is given, many at once, since a statement for each is what writing costs most. In SQL they are
//! the table `given`.

use std::fmt::Write as _;

/// Rows of the longer statement on SQLite; transactions of a multiple of it are written fastest.
pub const MANY: usize = 64;

/// A column and its type.
pub type Column = (&'static str, &'static str);

/// The names of the columns, with commas between them.
pub fn names(columns: &[Column]) -> String {
    columns
        .iter()
        .map(|(name, _)| *name)
        .collect::<Vec<_>>()
        .join(", ")
}

/// SQLite takes rows, before the statement proper. Their values have no numbers: with numbers it takes them for names,
/// and looks through all of them for each.
pub fn rows(columns: &[Column], rows: usize) -> String {
    let row = format!("({})", vec!["?"; columns.len()].join(", "));
    format!(
        "WITH given ({}) AS (VALUES {}) ",
        names(columns),
        vec![row; rows].join(", ")
    )
}

/// PostgreSQL takes columns, where the statement reads them, of as many rows as there are.
pub fn columns(columns: &[Column]) -> String {
    let mut given = String::from("UNNEST(");
    for (place, (_, kind)) in columns.iter().enumerate() {
        let comma = if place == 0 { "" } else { ", " };
        // Writing to a text does not fail.
        let _ = write!(given, "{comma}${}::{kind}[]", place + 1);
    }
    let _ = write!(given, ") AS given ({})", names(columns));
    given
}

/// A column's values.
pub fn column<'r, R, T>(rows: &'r [R], value: impl Fn(&'r R) -> T) -> Vec<T> {
    rows.iter().map(value).collect()
}
