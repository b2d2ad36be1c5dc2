//! What is wrong with a key that was pasted badly into an `Authorization` header. It is judged by the text alone: the
//! key in it is never looked up, so the answer says nothing about whether it exists.

use super::found::{visible, whole};

/// What stands around the key, or in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pasted {
    /// Quotes around it.
    Quoted,
    /// The word `Bearer` once more.
    BearerTwice,
    /// A name and `=` or `:` before it.
    Named,
    /// White space in it.
    Split,
    /// Other characters around it, such as a comma after it.
    Surrounded,
    /// Invisible characters in it or around it.
    Invisible,
    /// More than one key.
    Several,
}

impl Pasted {
    /// Every way, in the order of the variants.
    pub const ALL: [Self; 7] = [
        Self::Quoted,
        Self::BearerTwice,
        Self::Named,
        Self::Split,
        Self::Surrounded,
        Self::Invisible,
        Self::Several,
    ];

    /// Judges a text that is not a key but may hold one. `None` if it holds no whole key.
    #[must_use]
    pub fn judge(text: &str) -> Option<Self> {
        let seen = visible(text);
        let mut keys = whole(&seen);
        let Some(key) = keys.next() else {
            let joined: String = seen.split_whitespace().collect();
            return (joined.len() < seen.len() && whole(&joined).next().is_some()).then_some(Self::Split);
        };
        if keys.next().is_some() {
            return Some(Self::Several);
        }
        let (before, after) = seen.split_once(key)?;
        let (before, after) = (before.trim(), after.trim());
        let is_quote = |c: char| {
            matches!(
                c,
                '"' | '\'' | '`' | '\u{2018}'..='\u{201F}' | '\u{AB}' | '\u{BB}'
            )
        };
        let word = before.trim_matches(|c: char| is_quote(c) || c.is_whitespace());
        let ends_with_bearer = word.len() >= 6
            && word
                .get(word.len() - 6..)
                .is_some_and(|end| end.eq_ignore_ascii_case("bearer"));
        Some(if ends_with_bearer {
            Self::BearerTwice
        } else if word.contains(['=', ':']) {
            Self::Named
        } else if before.contains(is_quote) || after.contains(is_quote) {
            Self::Quoted
        } else if before.is_empty() && after.is_empty() {
            Self::Invisible
        } else {
            Self::Surrounded
        })
    }

    /// What is wrong, and what would pass.
    #[must_use]
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::Quoted => {
                "The API key is in quotation marks. Send the header Authorization: Bearer <key> without them."
            }
            Self::BearerTwice => {
                "The word Bearer is in this header twice. Send the header Authorization: Bearer <key> with the word once."
            }
            Self::Named => {
                "There is a name before the API key. Send the header Authorization: Bearer <key> with the key alone."
            }
            Self::Split => {
                "There is a space or a line break in the API key. Send the header Authorization: Bearer <key> with the key in one piece."
            }
            Self::Surrounded => {
                "There are other characters before or after the API key, such as a comma. Send the header Authorization: Bearer <key> with the key alone."
            }
            Self::Invisible => {
                "There are invisible characters in or around the API key. Copy the key again, or type the header Authorization: Bearer <key> anew."
            }
            Self::Several => {
                "There are several API keys in this header. Send the header Authorization: Bearer <key> with one of them."
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::token::generate;
    use std::collections::BTreeSet;

    #[test]
    fn each_way_to_paste_a_key_badly_has_its_sentence() {
        let key = generate("bye_", |bytes| bytes.fill(7));
        let key = key.expose();
        for (text, pasted) in [
            (format!("\"{key}\""), Pasted::Quoted),
            (format!("'{key}'"), Pasted::Quoted),
            (format!("{key}\""), Pasted::Quoted),
            (format!("\u{201C}{key}\u{201D}"), Pasted::Quoted),
            (format!("Bearer {key}"), Pasted::BearerTwice),
            (format!("bearer \"{key}\""), Pasted::BearerTwice),
            (format!("\"Bearer {key}\""), Pasted::BearerTwice),
            (format!("BABYSEA_API_KEY={key}"), Pasted::Named),
            (format!("api_key: \"{key}\""), Pasted::Named),
            (format!("{} {}", &key[..20], &key[20..]), Pasted::Split),
            (format!("{}\t{}", &key[..3], &key[3..]), Pasted::Split),
            (format!("{key},"), Pasted::Surrounded),
            (format!("{key}0"), Pasted::Surrounded),
            (format!("<{key}>"), Pasted::Surrounded),
            (format!("\u{200B}{key}"), Pasted::Invisible),
            (format!("{}\u{AD}{}", &key[..20], &key[20..]), Pasted::Invisible),
            (format!("{key} {key}"), Pasted::Several),
        ] {
            assert_eq!(Pasted::judge(&text), Some(pasted), "{text}");
        }
        for text in ["", "bye_", "\"x\"", &key[..41], &key.to_lowercase()] {
            assert_eq!(Pasted::judge(text), None, "{text}");
        }
        let sentences: BTreeSet<_> = Pasted::ALL.into_iter().map(Pasted::sentence).collect();
        assert_eq!(sentences.len(), Pasted::ALL.len());
    }
}
