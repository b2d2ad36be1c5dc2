//! LIKE patterns of searches.

/// A pattern for `LIKE ... ESCAPE '\'` on lower-case columns: the text at any position, its special
/// characters escaped. `None` for an empty search.
///
/// Statements take it as `LIKE CAST($n AS TEXT)`: SQLite plans a statement with a bare parameter there anew for each
/// execution, because the pattern could begin with a text that an index finds. Ours begin with `%`.
pub(in crate::server::store) fn pattern(search: &str) -> Option<String> {
    let literal = search
        .to_lowercase()
        .replace('\\', "\\\\")
        .replace('%', "\\%")
        .replace('_', "\\_");
    (!literal.is_empty()).then(|| format!("%{literal}%"))
}
