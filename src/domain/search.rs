//! Searches, normalised like the names they are compared with.

use unicode_normalization::UnicodeNormalization as _;

/// Maximum length in characters, as that of the longest name; the rest is dropped, and pages say so.
pub const LONGEST: usize = 100;

/// Normalises a search: trimmed and composed (NFC) like names. Control characters are removed: no name has
/// them, and PostgreSQL rejects NUL.
#[must_use]
pub fn parse(text: &str) -> String {
    let seen = text.trim().nfc().filter(|c| !c.is_control());
    seen.take(LONGEST).collect()
}

/// Normalises a search of keys: also removes the dots that tables show after a prefix.
#[must_use]
pub fn parse_key(text: &str) -> String {
    let text = text.trim();
    let cut = text.strip_suffix("...").or_else(|| text.strip_suffix('…'));
    parse(cut.filter(|cut| !cut.is_empty()).unwrap_or(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_has_the_form_of_names() {
        for (typed, search) in [
            ("  prod ", "prod"),
            ("Zoe\u{308}", "Zo\u{EB}"),
            ("a\0b\u{7}", "ab"),
            ("v1.", "v1."),
            ("bye_a1B2c...", "bye_a1B2c..."),
        ] {
            assert_eq!(parse(typed), search, "{typed:?}");
        }
        assert_eq!(parse(&"x".repeat(5_000)).len(), LONGEST);
    }

    #[test]
    fn a_prefix_is_found_as_it_is_shown() {
        for (typed, search) in [
            ("bye_a1B2c...", "bye_a1B2c"),
            (" bye_a1B2c… ", "bye_a1B2c"),
            ("bye_a1B2c", "bye_a1B2c"),
            ("...", "..."),
            ("…", "…"),
            ("v1.", "v1."),
        ] {
            assert_eq!(parse_key(typed), search, "{typed:?}");
        }
    }
}
