//! Searches, and the form in which texts are compared.

use super::{
    plain_text::{is_refused, is_unseen, on_one_line},
    token,
};
use unicase::UniCase;
use unicode_normalization::{UnicodeNormalization as _, char::canonical_combining_class};

/// Maximum length in characters, as that of the longest name; the rest is dropped, and pages say so.
pub const LONGEST: usize = 100;
const DOT_ABOVE: char = '\u{307}';
/// Combining class of marks above a letter.
const ABOVE: u8 = 230;

/// Normalises a search like names: on one line, trimmed and composed (NFC). Characters that no name has are
/// removed, also because PostgreSQL rejects NUL. Empty if there is nothing to compare.
#[must_use]
pub fn parse(text: &str) -> String {
    let seen = on_one_line(text.trim());
    let seen: String = seen.nfc().filter(|&c| !is_refused(c)).take(LONGEST).collect();
    let seen = seen.trim();
    if fold(seen).is_empty() {
        String::new()
    } else {
        seen.to_owned()
    }
}

/// Normalises a search of keys: also removes the dots that tables show after a prefix.
#[must_use]
pub fn parse_key(text: &str) -> String {
    let text = text.trim();
    let cut = text.strip_suffix("...").or_else(|| text.strip_suffix('…'));
    parse(cut.filter(|cut| !cut.is_empty()).unwrap_or(text))
}

/// The form in which texts are compared: two texts that a reader takes for the same have the same form, however they
/// were typed. Unicode's compatibility caseless match (The Unicode Standard, D146), composed. Characters that cannot be
/// seen are left out, and so is the dot that lower case gives to `İ`.
#[must_use]
pub fn fold(text: &str) -> String {
    if text
        .bytes()
        .all(|byte| byte.is_ascii() && !byte.is_ascii_control())
    {
        return text.to_ascii_lowercase();
    }
    let seen: String = text.chars().filter(|&c| !is_unseen(c)).nfd().collect();
    // Twice, because compatibility forms of capital letters appear only after the first decomposition.
    let once: String = UniCase::unicode(seen).to_folded_case().nfkd().collect();
    let twice: String = UniCase::unicode(once).to_folded_case().nfkd().collect();
    without_dots(&twice).nfc().collect()
}

/// Removes the dots above `i` from a decomposed text.
fn without_dots(text: &str) -> String {
    let mut is_after_i = false;
    let is_kept = |&c: &char| {
        if c == DOT_ABOVE && is_after_i {
            return false;
        }
        let class = canonical_combining_class(c);
        is_after_i = c == 'i' || (is_after_i && class != 0 && class < ABOVE);
        true
    };
    text.chars().filter(is_kept).collect()
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
    use proptest::{collection::vec, prelude::*, sample::select};

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
            ("a\tb\r\n", "a b"),
            ("\u{FEFF} a\u{200B}b \u{202E}", "ab"),
            ("\u{AD}\u{200D}", ""),
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

    /// Texts that count as the same, each line in all its forms.
    const SAME: &[&[&str]] = &[
        &["prod", "PROD", "Prod", "ＰＲＯＤ", "pr\u{AD}o\u{200B}d", "𝐩𝐫𝐨𝐝"],
        &["ΟΔΟΣ", "οδοσ", "οδος"],
        &["Straße", "STRASSE", "straſſe", "STRAẞE"],
        &[
            "İstanbul",
            "istanbul",
            "i\u{307}stanbul",
            "ISTANBUL",
            "I\u{307}STANBUL",
        ],
        &["Zoë", "ZOË", "zoe\u{308}", "ZOE\u{308}"],
        &["ÄRGER", "ärger", "A\u{308}rger"],
        &["ǆ", "Ǆ", "ǅ", "dž", "DZ\u{30C}"],
        &["ﬁn", "FIN", "fin"],
        &["ᾳ", "αι", "ΑΙ"],
        &["한국", "\u{1112}\u{1161}\u{11AB}\u{1100}\u{116E}\u{11A8}"],
        &["ガス", "ｶﾞｽ", "カ\u{3099}ス"],
        &["a b", "A\u{A0}b", "a\u{3000}B"],
        &["i\u{323}x", "I\u{323}\u{307}X", "İ\u{323}x"],
        &["❤", "❤\u{FE0F}"],
    ];

    #[test]
    fn what_a_reader_takes_for_the_same_is_the_same() {
        for forms in SAME {
            for form in *forms {
                assert_eq!(fold(form), fold(forms[0]), "{form:?}");
            }
        }
        for (one, other) in [("Zoe", "Zoë"), ("isim", "ısım"), ("o", "ø"), ("1", "l")] {
            assert_ne!(fold(one), fold(other));
        }
    }

    /// One text in a random form: composed or not, in another case.
    fn form(text: &str, kind: u8) -> String {
        let cased = match kind % 3 {
            0 => text.to_owned(),
            1 => text.to_uppercase(),
            _ => text.to_lowercase(),
        };
        match kind / 3 % 4 {
            0 => cased.nfc().collect(),
            1 => cased.nfd().collect(),
            2 => cased.nfkc().collect(),
            _ => cased.nfkd().collect(),
        }
    }

    /// Words in several scripts, and letters whose case or composition is special.
    fn word() -> impl Strategy<Value = String> {
        let words: Vec<&str> = SAME.iter().flat_map(|forms| forms.iter().copied()).collect();
        prop_oneof![
            select(words).prop_map(str::to_owned),
            "[a-zA-Z0-9 _%-]{1,6}",
            "[À-ÿŁłŒœŠšŸŽžſΆ-ώἀ-ῼЀ-ӿԱ-Ֆა-ჰㄱ-ㆎ가-힣０-ｚ]{1,5}",
        ]
    }

    proptest! {
        #[test]
        fn a_text_is_found_in_every_form(words in vec(word(), 1..6), at in any::<prop::sample::Index>(), kinds in any::<[u8; 2]>()) {
            let searched = &words[at.index(words.len())];
            // Words are parted, because a letter at the end of one could compose with the next.
            let name = form(&words.join("/"), kinds[0]);
            let search = fold(&parse(&form(searched, kinds[1])));
            prop_assert!(fold(&name).contains(&search), "{:?} in {:?}", search, fold(&name));
        }

        #[test]
        fn folding_twice_changes_nothing(text in any::<String>()) {
            let once = fold(&text);
            prop_assert!(!once.contains(is_unseen), "{:?}", once);
            prop_assert_eq!(fold(&once), once);
        }
    }
}
