//! Names of keys, teams and people: normalised, and refused if they hide or imitate text (docs/security.md,
//! S57).

use super::token::found;
use std::fmt;
use unicode_normalization::UnicodeNormalization;

/// Why a name was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Empty, or only invisible characters.
    #[error("Enter a name.")]
    Missing,
    /// Fewer characters than the minimum; carries the minimum.
    #[error("Use at least {0} characters.")]
    TooShort(usize),
    /// More characters than the maximum.
    #[error("Use at most {max} characters; this name has {counted}.")]
    TooLong {
        /// The maximum.
        max: usize,
        /// Characters after trimming and NFC.
        counted: usize,
    },
    /// Characters that hide or reorder text.
    #[error("{}", hidden_at(.after, *.count))]
    Forbidden {
        /// The last word before the first of them; empty at the start of the name.
        after: String,
        /// How many there are.
        count: usize,
    },
    /// It contains an API key, or enough of one: names are shown, and stay in the activity for ever.
    #[error(
        "The name contains an API key, or most of one. Remove it: everybody in the account can read names."
    )]
    HoldsKey,
}

/// Names the place of an invisible character by the word before it, because the character itself cannot be seen.
fn hidden_at(after: &str, count: usize) -> String {
    match (after, count) {
        ("", 1) => "The name starts with an invisible character. Delete it.".to_owned(),
        ("", _) => format!("The name has {count} invisible characters, the first at its start. Delete them."),
        (_, 1) => format!("The name has an invisible character after \"{after}\". Delete it."),
        _ => format!("The name has {count} invisible characters, the first after \"{after}\". Delete them."),
    }
}

/// The last word of a text, at most its last 20 characters.
fn last_word(text: &str) -> String {
    let word = text.split_whitespace().next_back().unwrap_or_default();
    let skipped = word.chars().count().saturating_sub(20);
    word.chars().skip(skipped).collect()
}

/// Turns tabs and line breaks into single spaces: text that is pasted from a table or a file has them.
fn on_one_line(text: &str) -> String {
    let breaks = |c: char| matches!(c, '\t'..='\r' | '\u{85}' | '\u{2028}' | '\u{2029}');
    let parts = text.split(breaks).filter(|part| !part.is_empty());
    parts.collect::<Vec<_>>().join(" ")
}

/// Trims, composes (NFC) and checks a name. Lengths are counted afterwards, in Unicode scalar values.
fn clean(text: &str, min: usize, max: usize) -> Result<String, NameError> {
    let name: String = on_one_line(text.trim()).nfc().collect();
    // A joiner shapes the letters on both sides of it. At the start or end it is only an invisible character.
    let last = name.chars().count().saturating_sub(1);
    let is_hidden = |place: usize, c: char| forbidden(c) || (joiner(c) && (place == 0 || place == last));
    let mut hidden = name
        .char_indices()
        .enumerate()
        .filter(|&(place, (_, c))| is_hidden(place, c));
    if let Some((_, (at, _))) = hidden.next() {
        return Err(NameError::Forbidden {
            after: last_word(name.get(..at).unwrap_or_default()),
            count: 1 + hidden.count(),
        });
    }
    if name.chars().all(invisible) {
        return Err(NameError::Missing);
    }
    if found::holds(&name) {
        return Err(NameError::HoldsKey);
    }
    match name.chars().count() {
        counted if counted < min => Err(NameError::TooShort(min)),
        counted if counted > max => Err(NameError::TooLong { max, counted }),
        _ => Ok(name),
    }
}

fn forbidden(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{200B}' | '\u{2028}' | '\u{2029}' | '\u{202A}'..='\u{202E}' | '\u{2060}'
            | '\u{2066}'..='\u{2069}' | '\u{FEFF}' | '\u{E0000}'..='\u{E007F}')
}

fn joiner(c: char) -> bool {
    matches!(c, '\u{200C}' | '\u{200D}')
}

/// Characters without a glyph of their own; a name must have at least one other.
fn invisible(c: char) -> bool {
    c.is_whitespace()
        || joiner(c)
        || matches!(c,
            '\u{00AD}' | '\u{034F}' | '\u{061C}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}'
            | '\u{180B}'..='\u{180F}' | '\u{200E}' | '\u{200F}' | '\u{2061}'..='\u{2065}' | '\u{2800}'
            | '\u{3164}' | '\u{FE00}'..='\u{FE0F}' | '\u{FFA0}' | '\u{E0100}'..='\u{E01EF}')
}

macro_rules! name {
    ($(#[$doc:meta])* $name:ident, $min:literal..=$max:literal) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct $name(String);

        impl $name {
            /// Maximum length, in Unicode scalar values after trimming and NFC.
            pub const MAX: usize = $max;

            /// Parses a name.
            ///
            /// # Errors
            /// The first rule that the text breaks.
            pub fn parse(text: &str) -> Result<Self, NameError> {
                clean(text, $min, $max).map(Self)
            }

            /// The name as stored and shown.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

name!(
    /// The name of an API key: 1 to 100 characters, not unique.
    KeyName,
    1..=100
);
impl KeyName {
    /// A name from the database. It is not checked again: it may have been stored under earlier rules, and its key must
    /// keep working.
    #[must_use]
    pub const fn from_stored(text: String) -> Self {
        Self(text)
    }
}

impl From<KeyName> for String {
    fn from(name: KeyName) -> Self {
        name.0
    }
}

name!(
    /// The name of a team: 1 to 64 characters, not unique.
    TeamName,
    1..=64
);
name!(
    /// The name of a person: 2 to 100 characters.
    PersonName,
    2..=100
);

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn length_counts_characters_after_trim_and_nfc() {
        assert!(KeyName::parse(&"ü".repeat(100)).is_ok());
        assert_eq!(
            KeyName::parse(&"a".repeat(101)),
            Err(NameError::TooLong {
                max: 100,
                counted: 101
            })
        );
        // Two scalar values before NFC, one afterwards.
        assert!(KeyName::parse(&"u\u{308}".repeat(100)).is_ok());
        assert_eq!(
            KeyName::parse("  prod  ").map(|n| n.to_string()).as_deref(),
            Ok("prod")
        );
        assert_eq!(PersonName::parse("A"), Err(NameError::TooShort(2)));
        assert!(PersonName::parse("Al").is_ok());
    }

    #[test]
    fn nothing_to_see_is_no_name() {
        let between = ["\u{AD} \u{AD}", "\u{AD}\u{200D}\u{AD}"];
        for text in ["", "   ", "\u{3164}", "\u{2800}\u{2800}", "\u{AD}", "\u{FE0F}"]
            .into_iter()
            .chain(between)
        {
            assert_eq!(KeyName::parse(text), Err(NameError::Missing), "{text:?}");
        }
    }

    #[test]
    fn a_key_is_no_name() {
        let key = crate::domain::token::generate("bye_", |bytes| bytes.fill(7));
        let key = key.expose();
        for text in [
            format!("prod {key}"),
            format!("prod {}", key.to_lowercase()),
            // The rest follows from these.
            format!("prod {}", &key[..36]),
            format!("{}\u{200D}{}", &key[..20], &key[20..]),
        ] {
            assert_eq!(KeyName::parse(&text), Err(NameError::HoldsKey), "{text}");
            assert_eq!(TeamName::parse(&text), Err(NameError::HoldsKey), "{text}");
            assert_eq!(PersonName::parse(&text), Err(NameError::HoldsKey), "{text}");
        }
        assert!(KeyName::parse(&format!("prod {}...", &key[..9])).is_ok());
    }

    #[test]
    fn hiding_and_reordering_characters_are_named_by_their_place() {
        for c in [
            '\0',
            '\u{7}',
            '\u{200B}',
            '\u{202E}',
            '\u{2060}',
            '\u{2066}',
            '\u{FEFF}',
            '\u{E0041}',
        ] {
            let refused = KeyName::parse(&format!("first line{c}b")).map_err(|error| error.to_string());
            let sentence = "The name has an invisible character after \"line\". Delete it.";
            assert_eq!(refused, Err(sentence.to_owned()), "{c:?}");
        }
        for (name, sentence) in [
            (
                "\u{200B}a",
                "The name starts with an invisible character. Delete it.",
            ),
            (
                "\u{200B}a\u{7}",
                "The name has 2 invisible characters, the first at its start. Delete them.",
            ),
            (
                "one two\u{200B}\u{200B} three\u{7}",
                "The name has 3 invisible characters, the first after \"two\". Delete them.",
            ),
            // Of a long word its end is enough, also in the sentence.
            (
                &format!("{}\u{200B}", "w".repeat(90)),
                &format!(
                    "The name has an invisible character after \"{}\". Delete it.",
                    "w".repeat(20)
                ),
            ),
            (
                "\u{200C}prod",
                "The name starts with an invisible character. Delete it.",
            ),
            (
                "prod\u{200D}",
                "The name has an invisible character after \"prod\". Delete it.",
            ),
            (
                "\u{200C}prod",
                "The name starts with an invisible character. Delete it.",
            ),
        ] {
            let refused = KeyName::parse(name).map_err(|error| error.to_string());
            assert_eq!(refused, Err(sentence.to_owned()), "{name:?}");
        }
        // Allowed inside a word, where a joiner is spelling (Persian, emoji families); refused at the end.
        assert!(KeyName::parse("می\u{200C}خواهم").is_ok());
        assert!(KeyName::parse("👩\u{200D}🔬").is_ok());
    }

    #[test]
    fn tabs_and_line_breaks_become_spaces() {
        for (text, name) in [
            ("a\tb", "a b"),
            ("a\r\nb", "a b"),
            ("\ta\n", "a"),
            ("a\u{2028}b\u{85}c\u{B}d", "a b c d"),
        ] {
            assert_eq!(
                KeyName::parse(text).map(String::from).as_deref(),
                Ok(name),
                "{text:?}"
            );
        }
    }

    proptest! {
        #[test]
        fn what_was_accepted_is_accepted_again_unchanged(text in "\\PC{0,110}") {
            if let Ok(name) = KeyName::parse(&text) {
                prop_assert_eq!(KeyName::parse(name.as_str()), Ok(name.clone()));
                prop_assert!((1..=100).contains(&name.as_str().chars().count()));
            }
        }

        #[test]
        fn no_accepted_name_holds_a_forbidden_character(text in any::<String>()) {
            if let Ok(name) = KeyName::parse(&text) {
                prop_assert!(!name.as_str().chars().any(forbidden));
            }
        }
    }
}
