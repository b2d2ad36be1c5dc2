//! Bulk inserts: statements that bind many rows at once, since per-statement overhead dominates. On SQLite they are the
//! CTE `given`; on PostgreSQL a statement binds arrays and reads them with `UNNEST`.

/// Number of rows of the large statement on SQLite. Transactions with a multiple of it are the fastest.
pub const MANY: usize = 64;

/// The beginning of an SQLite statement that binds rows: `WITH given (a, b) AS (VALUES (?, ?), (?, ?)) `. Parameters have no
/// numbers: SQLite treats numbered ones as names, and searches all of them for each.
pub fn rows(columns: &[&str], rows: usize) -> String {
    let row = format!("({})", vec!["?"; columns.len()].join(", "));
    format!(
        "WITH given ({}) AS (VALUES {}) ",
        columns.join(", "),
        vec![row; rows].join(", ")
    )
}

/// A column's values, as an array for PostgreSQL.
pub fn column<'r, R, T>(rows: &'r [R], value: impl Fn(&'r R) -> T) -> Vec<T> {
    rows.iter().map(value).collect()
}
