//! Keys in the text that people and programs hand over: finds whole ones, and masks whatever is enough of one to work
//! out the rest (docs/security.md, S98 and S99). Every place that keeps, logs or redirects such a text uses this file.

use super::{self as token, CHECKSUM, LONGEST_PREFIX, RANDOM, SHOWN, is_well_formed};
use crate::domain::plain_text::is_unseen;
use std::{borrow::Cow, ops::Range};

/// A key in a text, or enough of one, in any letter case.
struct Found {
    /// What has to be masked: up to the end of the letters and digits.
    at: Range<usize>,
    /// The key, if it is whole. It can begin before `at`, where an earlier one ends.
    whole: Option<Range<usize>>,
    /// End of what may be shown: the prefix and five random characters.
    shown: usize,
}

/// Finds keys with any prefix: whole ones by their checksum, others if 32 characters follow the prefix. Of keys with
/// the prefix `own`, more than the shown part is enough, because a search for them is one for keys.
fn all<'t>(text: &'t str, own: Option<&'t str>) -> impl Iterator<Item = Found> + 't {
    let mut done = 0;
    text.match_indices('_').filter_map(move |(at, _)| {
        let mut found = around(text, at, own)?;
        found.at.start = found.at.start.max(done);
        done = found.at.end;
        Some(found)
    })
}

/// The key whose prefix ends with the `_` at this place.
fn around(text: &str, at: usize, own: Option<&str>) -> Option<Found> {
    let bytes = text.as_bytes();
    let (head, tail) = (bytes.get(..at)?, bytes.get(at + 1..)?);
    let (before, after) = (run(head.iter().rev()), run(tail.iter()));
    let first = at - before.min(LONGEST_PREFIX - 1);
    let end = at + 1 + RANDOM + CHECKSUM;
    let whole = if after >= RANDOM + CHECKSUM {
        (first..at).find(|&start| text.get(start..end).is_some_and(is_well_formed))
    } else {
        None
    };
    let of_own = own.and_then(|own| {
        let start = (at + 1).checked_sub(own.len())?;
        bytes
            .get(start..=at)?
            .eq_ignore_ascii_case(own.as_bytes())
            .then_some(start)
    });
    let start = if whole.is_some() {
        whole
    } else if after >= RANDOM {
        // The first letters before it may not be of its prefix.
        of_own.or_else(|| (first..at).find(|&start| bytes[start].is_ascii_alphabetic()))
    } else {
        of_own.filter(|start| after > SHOWN && at - start == before)
    };
    Some(Found {
        at: start?..at + 1 + after,
        whole: whole.map(|start| start..end),
        shown: at + 1 + SHOWN,
    })
}

/// Number of letters and digits at the beginning.
fn run<'b>(bytes: impl Iterator<Item = &'b u8>) -> usize {
    bytes.take_while(|byte| byte.is_ascii_alphanumeric()).count()
}

/// The whole keys in a text, with any prefix and whatever stands around them. The text must be [`visible`].
pub fn whole(text: &str) -> impl Iterator<Item = &str> {
    all(text, None).filter_map(|found| text.get(found.whole?))
}

/// Whether a text holds a key, or enough of one to work out the rest: a prefix and 32 characters, in any letter case.
#[must_use]
pub fn holds(text: &str) -> bool {
    text.contains('_') && {
        let text = visible(text);
        all(&text, None).next().is_some() || whole(&on_one_piece(&text)).next().is_some()
    }
}

/// A text without its white space: a key that was copied from two lines or columns has some in it. Only whole keys are
/// looked for in it, because it joins words that do not belong together.
fn on_one_piece(text: &str) -> String {
    text.split_whitespace().collect()
}

/// The shown part of the first key in a text, for a search. Of keys with the prefix `own`, more than the shown part is
/// enough to be found.
#[must_use]
pub fn start_in(text: &str, own: &str) -> Option<String> {
    let text = visible(text);
    let Some(found) = all(&text, Some(own)).next() else {
        let joined = on_one_piece(&text);
        return whole(&joined)
            .next()
            .map(|key| key[..token::shown_length(key)].to_owned());
    };
    let start = found.whole.map_or(found.at.start, |whole| whole.start);
    text.get(start..found.shown).map(str::to_owned)
}

/// Cuts every key in a text to its shown part.
#[must_use]
pub fn cut<'t>(text: &'t str, own: &str) -> Cow<'t, str> {
    if !text.contains('_') {
        return text.into();
    }
    let seen = visible(text);
    if whole(&seen).next().is_none()
        && let Some(key) = whole(&on_one_piece(&seen)).next()
    {
        return key[..token::shown_length(key)].to_owned().into();
    }
    let mut kept = String::new();
    let mut done = 0;
    for Found { at, shown, .. } in all(&seen, Some(own)) {
        kept.push_str(seen.get(done..shown).unwrap_or_default());
        done = at.end;
    }
    if done == 0 {
        return text.into();
    }
    kept.push_str(seen.get(done..).unwrap_or_default());
    kept.into()
}

/// A text without its invisible characters: copying from a page, a document or a terminal can leave them in a key.
#[must_use]
pub fn visible(text: &str) -> Cow<'_, str> {
    let is_seen = |c: char| c.is_whitespace() || !is_unseen(c);
    if text.chars().all(is_seen) {
        text.into()
    } else {
        text.chars().filter(|&c| is_seen(c)).collect::<String>().into()
    }
}

/// What a text that holds no whole key holds instead, in a sentence for the person who pasted it.
#[must_use]
pub fn missing(text: &str) -> &'static str {
    let text = visible(text);
    let longest = text
        .match_indices('_')
        .filter(|&(at, _)| run(text.as_bytes()[..at].iter().rev()) > 0)
        .map(|(at, _)| run(text.as_bytes()[at + 1..].iter()))
        .max();
    match longest {
        Some(length) if length >= RANDOM + CHECKSUM => {
            "This looks like an API key, but its last six characters do not fit the others: a character was changed or is missing. Send the key exactly as it was found. An API key is a prefix that ends with _, then 38 letters and digits."
        }
        Some(length) if length > SHOWN => {
            "This is only a part of an API key. Send the whole key: a prefix that ends with _, then 38 letters and digits."
        }
        _ => {
            "There is no API key in this report. An API key is a prefix that ends with _, then 38 letters and digits. Send the whole key."
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::token::generate;
    use proptest::prelude::*;

    fn key(prefix: &str, seed: u8) -> String {
        let mut next = seed;
        let key = generate(prefix, |bytes| {
            for byte in bytes {
                *byte = next;
                next = next.wrapping_mul(31).wrapping_add(37);
            }
        });
        key.expose().to_owned()
    }

    #[test]
    fn a_whole_key_is_found_whatever_is_around_it() {
        for prefix in ["bye_", "a_", "abcdefghijklmno_"] {
            let key = key(prefix, 0);
            for text in [
                key.clone(),
                format!("KEY={key}"),
                format!("in_{key}_log"),
                format!("x{key}y"),
                format!("schl\u{fc}ssel{key}\u{fc}"),
                format!("b\0y\u{200B}e_{key}\u{FEFF}"),
                format!("{}\u{AD}{}", &key[..20], &key[20..]),
            ] {
                let seen = visible(&text);
                assert_eq!(whole(&seen).collect::<Vec<_>>(), [key.as_str()], "{text}");
                assert!(holds(&text), "{text}");
            }
            let cut = &key[..key.len() - 1];
            assert_eq!(whole(cut).count() + whole(&key[prefix.len()..]).count(), 0);
        }
        let two = format!("{}{}", key("bye_", 0), key("a_", 9));
        assert_eq!(whole(&two).collect::<Vec<_>>(), [key("bye_", 0), key("a_", 9)]);
        let after_a_part = format!("bye_{}{}", "x".repeat(33), key("bye_", 0));
        assert_eq!(whole(&after_a_part).collect::<Vec<_>>(), [key("bye_", 0)]);
    }

    #[test]
    fn a_key_with_white_space_in_it_is_found() {
        let key = key("bye_", 0);
        for space in [" ", "\t", "\r\n", "\u{A0}"] {
            let text = format!("found {}{space}{}", &key[..24], &key[24..]);
            assert!(holds(&text), "{text}");
            assert_eq!(start_in(&text, "bye_").as_deref(), Some(&key[..9]));
            assert_eq!(cut(&text, "bye_"), key[..9]);
        }
        // Joined words are no key.
        let words = format!("my_{} {}", "x".repeat(20), "y".repeat(20));
        assert!(!holds(&words) && cut(&words, "bye_") == words);
    }

    #[test]
    fn prefix_and_32_characters_are_enough_in_any_letter_case() {
        for prefix in ["bye_", "a_", "abcdefghijklmno_"] {
            let key = key(prefix, 0);
            for length in 0..=key.len() {
                let part = &key[..length];
                let enough = length >= prefix.len() + 32;
                for text in [part.to_owned(), part.to_lowercase(), part.to_uppercase()] {
                    assert_eq!(holds(&text), enough, "{text}");
                    assert_eq!(holds(&format!("found \u{AB}{text}\u{BB}")), enough, "{text}");
                }
            }
        }
        for text in [
            "",
            "_",
            "bye_a1B2c...",
            "1_",
            &"W".repeat(100),
            &"_".repeat(100),
            "req_01KAS5Z8QH8X5M2N7T4R6WCYDE",
        ] {
            assert!(!holds(text), "{text}");
        }
    }

    #[test]
    fn a_search_is_cut_to_what_is_shown() {
        let key = key("bye_", 7);
        let start = Some(key[..9].to_owned());
        for text in [
            key.clone(),
            format!(" Bearer {key} "),
            format!("\"{key}\""),
            format!("BABYSEA_API_KEY={key}"),
            format!("x{key}"),
            format!("{}\u{200B}{}", &key[..7], &key[7..]),
            key[..41].to_owned(),
            key[..10].to_owned(),
            format!("{key}x"),
        ] {
            assert_eq!(start_in(&text, "bye_"), start, "{text}");
        }
        assert_eq!(
            start_in(&key.to_uppercase(), "bye_"),
            Some(key[..9].to_uppercase())
        );
        assert_eq!(start_in(&key, "new_"), start, "of an earlier prefix");
        assert_eq!(start_in(&key[..36], "new_"), start, "of an earlier prefix");
        for text in [
            "",
            "prod",
            "bye_",
            "bye_a1B2c",
            "goodbye_everybody",
            "x\u{e9}bye_",
            "old_production",
        ] {
            assert_eq!(start_in(text, "bye_"), None, "{text}");
        }
        let long = "abcdefghijklmno_";
        assert_eq!(start_in(long, long), None, "a prefix alone");
        assert_eq!(start_in(&format!("{long}a1B2c"), long), None);
        assert_eq!(
            start_in(&format!("{long}a1B2c3"), long),
            Some(format!("{long}a1B2c"))
        );
    }

    #[test]
    fn what_was_found_instead_of_a_key() {
        let key = key("bye_", 7);
        let changed = key.to_uppercase();
        for (text, says) in [
            (changed.as_str(), "do not fit"),
            (&key[..41], "only a part"),
            (&key[..10], "only a part"),
            (&key[4..], "no API key"),
            ("bye_", "no API key"),
            ("", "no API key"),
            ("\u{e9}_\u{e9}", "no API key"),
        ] {
            assert!(missing(text).contains(says), "{text}: {}", missing(text));
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in any::<String>(), own in "[a-z][a-z0-9]{0,14}_") {
            let cut_once = cut(&text, &own).into_owned();
            prop_assert_eq!(whole(&visible(&text)).count(), 0);
            prop_assert!(!holds(&cut_once));
            let _ = (start_in(&text, &own), missing(&text));
        }

        #[test]
        fn a_key_in_any_text_is_found_once_and_nothing_of_it_is_kept(
            before in "(\\PC|[ _=:,\"'<>\\r\\n\\t\u{200B}\u{FEFF}a-zA-Z0-9]){0,40}",
            after in "(\\PC|[ _=:,\"'<>\\r\\n\\t\u{200B}\u{FEFF}a-zA-Z0-9]){0,40}",
            hidden in prop::collection::vec((0_usize..42, "[\u{200B}\u{AD}\u{2060}\0\u{FE0F}]"), 0..4),
            prefix in "[a-z][a-z0-9]{0,14}_",
            seed in any::<u8>(),
        ) {
            let key = key(&prefix, seed);
            let mut pasted = key.clone();
            for (at, invisible) in hidden {
                if pasted.is_char_boundary(at) && at < pasted.len() {
                    pasted.insert_str(at, &invisible);
                }
            }
            let text = format!("{before}{pasted}{after}");
            let seen = visible(&text);
            prop_assert_eq!(whole(&seen).collect::<Vec<_>>(), [key.as_str()]);
            prop_assert!(holds(&text) && holds(&text.to_lowercase()) && holds(&text.to_uppercase()));
            for own in [prefix.as_str(), "other_"] {
                for text in [text.clone(), text.to_lowercase()] {
                    let masked = cut(&text, own);
                    let rest = key[prefix.len() + 5..].to_lowercase();
                    prop_assert!(!masked.to_lowercase().contains(&rest), "{}", masked);
                    prop_assert!(!holds(&masked), "{}", masked);
                }
            }
            let start = start_in(&text, "other_").unwrap_or_default();
            prop_assert!(start.len() <= key.len() && !holds(&start));
        }
    }
}
