//! LIKE patterns of searches.

use crate::domain::search::fold;

/// A pattern for `LIKE ... ESCAPE '\'` on folded columns ([`fold`]): the text at any position, its special characters
/// escaped. `None` for an empty search.
///
/// Statements take it as `LIKE CAST($n AS TEXT)`: SQLite plans a statement with a bare parameter there anew for each
/// execution, because the pattern could begin with a text that an index finds. Ours begin with `%`.
pub(in crate::server::store) fn pattern(search: &str) -> Option<String> {
    like(&fold(search))
}

/// The same for rows that earlier versions wrote and that cannot be changed: these columns are in lower case. `None`
/// if the two patterns are the same.
pub(in crate::server::store) fn earlier_pattern(search: &str) -> Option<String> {
    let lower = search.to_lowercase();
    if lower == fold(search) { None } else { like(&lower) }
}

fn like(text: &str) -> Option<String> {
    let literal = text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
    (!literal.is_empty()).then(|| format!("%{literal}%"))
}
