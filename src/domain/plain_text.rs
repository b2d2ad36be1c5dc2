//! Free text that people type and everybody in an account reads: names, and reasons of revocations. It has one line
//! and no characters that hide or reorder text (docs/security.md, S57).

use std::fmt;
use unicode_normalization::UnicodeNormalization as _;

/// An invisible character in a text, named by its code point and by the word before it, because it cannot be seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hidden {
    /// What the text is, such as `name`.
    what: &'static str,
    /// The first of them.
    first: char,
    /// The last word before it; empty at the start of the text.
    after: String,
    /// How many there are.
    count: usize,
}

impl fmt::Display for Hidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (what, after, count) = (self.what, &self.after, self.count);
        let first = code_point(self.first);
        match (after.as_str(), count) {
            ("", 1) => write!(
                f,
                "The {what} starts with an invisible character ({first}). Delete it."
            ),
            ("", _) => write!(
                f,
                "The {what} has {count} invisible characters, the first ({first}) at its start. Delete them."
            ),
            (_, 1) => write!(
                f,
                "The {what} has an invisible character ({first}) after \"{after}\". Delete it."
            ),
            _ => write!(
                f,
                "The {what} has {count} invisible characters, the first ({first}) after \"{after}\". Delete them."
            ),
        }
    }
}

/// A character as Unicode writes it, such as `U+200B`.
#[must_use]
pub fn code_point(c: char) -> String {
    format!("U+{:04X}", u32::from(c))
}

/// Trims a text, puts it on one line, composes it (NFC), and refuses characters that hide or reorder text. `what` is
/// what the sentence of the error calls the text.
///
/// # Errors
/// The first character that is refused.
pub fn clean(what: &'static str, text: &str) -> Result<String, Hidden> {
    let text: String = on_one_line(text.trim()).nfc().collect();
    // A joiner shapes the letters on both sides of it. At the start or end it is only an invisible character.
    let last = text.chars().count().saturating_sub(1);
    let is_hidden = |place: usize, c: char| is_refused(c) || (is_joiner(c) && (place == 0 || place == last));
    let mut hidden = text
        .char_indices()
        .enumerate()
        .filter(|&(place, (_, c))| is_hidden(place, c));
    match hidden.next() {
        None => Ok(text),
        Some((_, (at, first))) => Err(Hidden {
            what,
            first,
            after: last_word(text.get(..at).unwrap_or_default()),
            count: 1 + hidden.count(),
        }),
    }
}

/// The last word of a text, at most its last 20 characters.
fn last_word(text: &str) -> String {
    let word = text.split_whitespace().next_back().unwrap_or_default();
    let skipped = word.chars().count().saturating_sub(20);
    word.chars().skip(skipped).collect()
}

/// Turns tabs and line breaks, with the blanks around them, into single spaces: text that is pasted from a table or a file has them.
#[must_use]
pub fn on_one_line(text: &str) -> String {
    let breaks = |c: char| matches!(c, '\t'..='\r' | '\u{85}' | '\u{2028}' | '\u{2029}');
    let parts = text.split(breaks).map(str::trim).filter(|part| !part.is_empty());
    parts.collect::<Vec<_>>().join(" ")
}

/// Characters that no text has: controls, and those that hide or reorder what is around them. The list of S57, and the
/// deprecated format characters and annotation marks beside them.
#[must_use]
pub fn is_refused(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{200B}' | '\u{2028}'..='\u{202E}' | '\u{2060}' | '\u{2066}'..='\u{206F}' | '\u{FEFF}'
            | '\u{FFF9}'..='\u{FFFB}' | '\u{E0000}'..='\u{E007F}')
}

/// Joiners, which are spelling inside a word or an emoji.
fn is_joiner(c: char) -> bool {
    matches!(c, '\u{200C}' | '\u{200D}')
}

/// Characters without a glyph or width of their own, white space excepted: refused ones, Unicode's default ignorable
/// characters (joiners, marks of direction, fillers, variation selectors), and the blank of Braille. Searches ignore them, and
/// keys are found in a text without them.
#[must_use]
pub fn is_unseen(c: char) -> bool {
    is_refused(c)
        || is_joiner(c)
        || matches!(c,
            '\u{00AD}' | '\u{034F}' | '\u{061C}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}'
            | '\u{180B}'..='\u{180F}' | '\u{200E}' | '\u{200F}' | '\u{2061}'..='\u{2065}' | '\u{2800}'
            | '\u{3164}' | '\u{FE00}'..='\u{FE0F}' | '\u{FFA0}' | '\u{FFF0}'..='\u{FFF8}'
            | '\u{1BCA0}'..='\u{1BCA3}' | '\u{1D173}'..='\u{1D17A}' | '\u{E0080}'..='\u{E0FFF}')
}

/// Whether nothing of a text can be seen.
#[must_use]
pub fn is_blank(text: &str) -> bool {
    text.chars().all(|c| c.is_whitespace() || is_unseen(c))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn hiding_and_reordering_characters_are_named_by_code_point_and_place() {
        for c in [
            '\0',
            '\u{7}',
            '\u{200B}',
            '\u{202E}',
            '\u{2060}',
            '\u{2066}',
            '\u{206F}',
            '\u{FEFF}',
            '\u{FFF9}',
            '\u{E0041}',
        ] {
            let refused = clean("reason", &format!("first line{c}b")).map_err(|error| error.to_string());
            let named = format!("{:04X}", c as u32);
            let sentence =
                format!("The reason has an invisible character (U+{named}) after \"line\". Delete it.");
            assert_eq!(refused, Err(sentence), "{c:?}");
        }
        let longest = "w".repeat(20);
        for (text, sentence) in [
            (
                "\u{200B}a",
                "The name starts with an invisible character (U+200B). Delete it.",
            ),
            (
                "\u{200B}a\u{7}",
                "The name has 2 invisible characters, the first (U+200B) at its start. Delete them.",
            ),
            (
                "one two\u{202E}\u{200B} three\u{7}",
                "The name has 3 invisible characters, the first (U+202E) after \"two\". Delete them.",
            ),
            // Of a long word its end is enough, also in the sentence.
            (
                &format!("{}\u{200B}", "w".repeat(90)),
                &format!("The name has an invisible character (U+200B) after \"{longest}\". Delete it."),
            ),
            (
                "\u{200C}prod",
                "The name starts with an invisible character (U+200C). Delete it.",
            ),
            (
                "prod\u{200D}",
                "The name has an invisible character (U+200D) after \"prod\". Delete it.",
            ),
        ] {
            let refused = clean("name", text).map_err(|error| error.to_string());
            assert_eq!(refused, Err(sentence.to_owned()), "{text:?}");
        }
        // Allowed inside a word, where a joiner is spelling (Persian, emoji families).
        for fine in ["می\u{200C}خواهم", "👩\u{200D}🔬"] {
            assert_eq!(clean("name", fine).as_deref(), Ok(fine));
        }
    }

    #[test]
    fn tabs_and_line_breaks_become_spaces() {
        for (text, kept) in [
            ("a\tb", "a b"),
            ("a\r\nb", "a b"),
            ("\ta\n", "a"),
            ("a \r\n\r\n  b  c", "a b  c"),
            ("a\u{2028}b\u{85}c\u{B}d", "a b c d"),
            ("", ""),
        ] {
            assert_eq!(clean("name", text).as_deref(), Ok(kept), "{text:?}");
        }
    }

    #[test]
    fn blank_is_what_cannot_be_seen() {
        for text in [
            "",
            "   ",
            "\u{3164}",
            "\u{2800}\u{2800}",
            "\u{AD} \u{AD}",
            "\u{FE0F}",
        ] {
            assert!(is_blank(text), "{text:?}");
        }
        assert!(!is_blank("\u{AD}a"));
    }

    proptest! {
        #[test]
        fn no_accepted_text_has_a_refused_character(text in any::<String>()) {
            if let Ok(kept) = clean("name", &text) {
                prop_assert!(!kept.contains(is_refused));
                prop_assert_eq!(clean("name", &kept), Ok(kept.clone()));
            }
        }
    }
}
