//! What people search for, in the form that names are kept in.

use unicode_normalization::UnicodeNormalization as _;

/// Most characters that count; the longest name has as many.
const LONGEST: usize = 100;

/// A search as typed: trimmed and composed (NFC) like names, without control characters, which no name has and
/// PostgreSQL does not take all of.
#[must_use]
pub fn parse(text: &str) -> String {
    let seen = text.trim().nfc().filter(|c| !c.is_control());
    seen.take(LONGEST).collect()
}

/// A search of keys: the dots after a prefix, as tables show it, are no part of it.
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
