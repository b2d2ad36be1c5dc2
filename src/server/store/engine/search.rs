//! What a search is to SQL.

/// For `LIKE ... ESCAPE '\'` on what is stored in lower case: the text anywhere in it, with its special characters taken
/// literally; nothing for an empty search.
pub(in crate::server::store) fn pattern(search: &str) -> Option<String> {
    let literal = search
        .to_lowercase()
        .replace('\\', "\\\\")
        .replace('%', "\\%")
        .replace('_', "\\_");
    (!literal.is_empty()).then(|| format!("%{literal}%"))
}
