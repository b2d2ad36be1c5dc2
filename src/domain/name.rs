//! Names of keys, teams and people: normalised, and refused if they hide or imitate text (docs/security.md,
//! S57).

use super::{
    plain_text::{self, Hidden},
    token::found,
};
use std::fmt;

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
    #[error("{0}")]
    Hidden(Hidden),
    /// It contains an API key, or enough of one: names are shown, and stay in the activity for ever.
    #[error(
        "The name contains an API key, or most of one. Remove it: everybody in the account can read names."
    )]
    HoldsKey,
}

/// Trims, composes (NFC) and checks a name. Lengths are counted afterwards, in Unicode scalar values.
fn clean(text: &str, min: usize, max: usize) -> Result<String, NameError> {
    let name = plain_text::clean("name", text).map_err(NameError::Hidden)?;
    if plain_text::is_blank(&name) {
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
    fn hiding_and_reordering_characters_are_named() {
        for (name, sentence) in [
            (
                "first line\u{202E}b",
                "The name has an invisible character (U+202E) after \"line\". Delete it.",
            ),
            (
                "\u{200C}prod",
                "The name starts with an invisible character (U+200C). Delete it.",
            ),
        ] {
            let refused = KeyName::parse(name).map_err(|error| error.to_string());
            assert_eq!(refused, Err(sentence.to_owned()), "{name:?}");
        }
        assert!(KeyName::parse("می\u{200C}خواهم").is_ok());
    }

    proptest! {
        #[test]
        fn what_was_accepted_is_accepted_again_unchanged(text in "\\PC{0,110}") {
            if let Ok(name) = KeyName::parse(&text) {
                prop_assert_eq!(KeyName::parse(name.as_str()), Ok(name.clone()));
                prop_assert!((1..=100).contains(&name.as_str().chars().count()));
            }
        }
    }
}
