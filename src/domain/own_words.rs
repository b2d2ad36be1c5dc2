//! The words that an attacker would try first as a person's password: their name, their email and the brand
//! of the site (docs/security.md, S2).

use super::search;
use unicode_normalization::{UnicodeNormalization as _, char::is_combining_mark};

/// Minimum length of a part of a name or email to count as a word.
const PART: usize = 3;
/// Maximum number of words of [`OwnWords::context`]: the work of the password estimator grows with them.
const CONTEXT: usize = 32;

/// The words of one person.
pub struct OwnWords {
    /// As spelled, in lower case, most significant first.
    spelled: Vec<String>,
    /// Only their letters and digits.
    folded: Vec<Vec<char>>,
}

impl OwnWords {
    /// The words of a person with this name and email on a site with this brand.
    #[must_use]
    pub fn new(name: &str, email: &str, brand: &str) -> Self {
        let (local, domain) = email.rsplit_once('@').unwrap_or((email, ""));
        let whole = [name, email, local, domain, brand];
        let sources = [name, local, domain, brand].map(parts);
        let longest = sources.iter().map(Vec::len).max().unwrap_or_default();
        // The sources take turns, so that none uses all words of the context.
        let parts = (0..longest).flat_map(|n| sources.iter().filter_map(move |parts| parts.get(n).copied()));
        let mut words = Self {
            spelled: Vec::new(),
            folded: Vec::new(),
        };
        for text in whole.into_iter().chain(parts) {
            let (spelled, folded) = (text.trim().to_lowercase(), fold(text));
            if !spelled.is_empty() && !words.spelled.contains(&spelled) {
                words.spelled.push(spelled);
            }
            // A single letter occurs in every password.
            if folded.len() > 1 && !words.folded.contains(&folded) {
                words.folded.push(folded);
            }
        }
        words
    }

    /// The words for the password estimator.
    pub fn context(&self) -> impl Iterator<Item = &str> {
        self.spelled.iter().map(String::as_str).take(CONTEXT)
    }

    /// Whether more than half of a password's letters and digits belong to these words, whatever is between
    /// them.
    #[must_use]
    pub fn make_up(&self, password: &str) -> bool {
        let letters = fold(password);
        let mut own = vec![false; letters.len()];
        for word in &self.folded {
            for start in 0..(letters.len() + 1).saturating_sub(word.len()) {
                let end = start + word.len();
                if letters[start..end] == word[..] {
                    own[start..end].fill(true);
                }
            }
        }
        own.iter().filter(|own| **own).count() * 2 > letters.len()
    }
}

/// The words of a name, an email or a brand.
fn parts(text: &str) -> Vec<&str> {
    let words = text.split(|c: char| !c.is_alphanumeric());
    words.filter(|part| part.chars().count() >= PART).collect()
}

/// The letters and digits of a text, folded like searches, without accents.
fn fold(text: &str) -> Vec<char> {
    search::fold(text)
        .nfd()
        .filter(|&c| !is_combining_mark(c) && c.is_alphanumeric())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words() -> OwnWords {
        OwnWords::new("Zoë van der Moss", "zoe.keys+42@mail.example.com", "BabySea")
    }

    #[test]
    fn own_words_are_recognised_in_a_password() {
        for own in [
            "Zoë van der Moss",
            "zoe van der moss",
            "ZoeVanDerMoss",
            "zoe_van_der_moss_1995",
            "Moss-Zoe-2024",
            "zoe.keys+42@mail.example.com",
            "zoe.keys+42",
            "mail.example.com",
            "example.com!!",
            "babysea123",
            "BabySea-Moss",
            "xx-moss",
        ] {
            assert!(words().make_up(own), "{own}");
        }
    }

    #[test]
    fn a_password_may_hold_one_of_them() {
        for fine in [
            "tidal moss quartz lantern",
            "der Hund der Katze frisst",
            "zoexK7pQ9vR2t",
            "",
            "!!!!!!!!!!",
        ] {
            assert!(!words().make_up(fine), "{fine}");
        }
    }

    #[test]
    fn own_words_are_recognised_in_every_form_of_their_letters() {
        let words = OwnWords::new("Zoë Straße", "ΟΔΟΣ@example.com", "BabySea");
        for own in [
            "ZOE STRASSE",
            "ＺｏｅＳｔｒａｓｓｅ",
            "Zoe\u{308}-straſſe",
            "οδοσ-οδος",
            "z\u{AD}o\u{200B}ë straße",
        ] {
            assert!(words.make_up(own), "{own}");
        }
    }

    #[test]
    fn a_short_name_counts_as_a_whole() {
        let words = OwnWords::new("李雷", "bo@example.com", "BabySea");
        assert!(words.make_up("李雷李雷李雷李雷李雷"));
        assert!(words.make_up("bobobobobobo"));
        assert!(!words.make_up("lobster bonfire quartz"));
    }

    #[test]
    fn the_context_has_an_end() {
        let name = ["abc "; 25].concat();
        let email = format!(
            "{}@example.com",
            (0..60).map(|n| format!("w{n}0")).collect::<Vec<_>>().join(".")
        );
        let words = OwnWords::new(&name, &email, "BabySea");
        assert_eq!(words.context().count(), CONTEXT);
        assert_eq!(words.context().next(), Some(name.trim()));
        // However long the name and the email are, the domain and the brand are among them.
        for word in ["example", "babysea"] {
            assert!(words.context().any(|own| own == word), "{word}");
        }
        assert!(
            OwnWords::new("Ada Moss", "ada@b", "BabySea")
                .context()
                .any(|word| word == "moss")
        );
    }
}
