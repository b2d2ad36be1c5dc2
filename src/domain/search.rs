//! Searches, normalised like the names they are compared with.

use super::token;
use unicode_normalization::UnicodeNormalization as _;

/// Maximum length in characters, as that of the longest name; the rest is dropped.
const LONGEST: usize = 100;

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

/// What is stored of the key with this shown part, if the key was made when nine characters were shown of each key: in
/// lower case, `None` where that is not less than what is shown today.
#[must_use]
pub fn shown_before(search: &str) -> Option<String> {
    const SHOWN: usize = 9;
    let (prefix, random) = search.split_at_checked(search.find('_')? + 1)?;
    let is_shown_part = token::is_prefix(&prefix.to_ascii_lowercase())
        && random.len() == 5
        && random.bytes().all(|byte| byte.is_ascii_alphanumeric())
        && search.len() > SHOWN;
    is_shown_part.then(|| search.chars().take(SHOWN).collect::<String>().to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_from_before_are_found_by_the_nine_characters_that_are_stored() {
        for (search, stored) in [
            ("acme_a1B2c", Some("acme_a1b2")),
            ("weathervane_a1B2c", Some("weatherva")),
            ("bye_a1B2c", None),
            ("acme_a1B2", None),
            ("acme_a1B2cd", None),
            ("my acme_a1B2c", None),
            ("prod", None),
            ("", None),
        ] {
            assert_eq!(shown_before(search).as_deref(), stored, "{search}");
        }
    }

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
