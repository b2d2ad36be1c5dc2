//! The text of an API key: prefix, 32 random characters, 6 characters of checksum (docs/security.md, S29).

pub mod found;
pub mod pasted;

use super::secret_text::SecretText;
use zeroize::Zeroizing;

/// Length of the random part in characters; 32 characters of an alphabet of 62 are 190 bits.
const RANDOM: usize = 32;
/// Length of the checksum in characters: 62^6 is more than 2^32.
const CHECKSUM: usize = 6;
/// Random characters that are stored in clear text and shown, after the prefix: `bye_a1B2c`.
const SHOWN: usize = 5;
/// Maximum length of a configured prefix, including `_`.
const LONGEST_PREFIX: usize = 16;

const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// Whether `prefix` is a valid key prefix: 2 to 16 characters, lower-case letters and digits, a letter first,
/// `_` last.
#[must_use]
pub fn is_prefix(prefix: &str) -> bool {
    prefix.len() <= LONGEST_PREFIX
        && prefix.starts_with(|c: char| c.is_ascii_lowercase())
        && prefix
            .strip_suffix('_')
            .is_some_and(|word| word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()))
}

/// Generates the text of a new key. `fill` provides random bytes of the operating system's generator. Bytes
/// that would make some characters more likely are discarded (rejection sampling).
pub fn generate(prefix: &str, mut fill: impl FnMut(&mut [u8])) -> SecretText {
    // Allocated in full at once: a reallocation would leave a copy of the secret in freed memory.
    let mut text = Zeroizing::new(String::with_capacity(prefix.len() + RANDOM + CHECKSUM));
    text.push_str(prefix);
    let mut pool = Zeroizing::new([0_u8; 64]);
    while text.len() < prefix.len() + RANDOM {
        fill(&mut *pool);
        // 248 is the largest multiple of 62 that a byte can hold.
        let fair = pool.iter().filter(|&&byte| byte < 248);
        let missing = prefix.len() + RANDOM - text.len();
        text.extend(
            fair.take(missing)
                .map(|byte| char::from(BASE62[usize::from(byte % 62)])),
        );
    }
    let checksum = checksum(&text);
    text.push_str(&checksum);
    SecretText::new(std::mem::take(&mut *text))
}

/// Whether `text` has the format of a key and a correct checksum. Any valid prefix is accepted, so that keys
/// with an earlier prefix keep working (S36).
#[must_use]
pub fn is_well_formed(text: &str) -> bool {
    // Works on bytes, because slicing a string inside a character panics.
    let Some(split) = text.len().checked_sub(RANDOM + CHECKSUM) else {
        return false;
    };
    if !text.is_ascii()
        || !is_prefix(&text[..split])
        || !text[split..].bytes().all(|b| b.is_ascii_alphanumeric())
    {
        return false;
    }
    let (signed, given) = text.split_at(text.len() - CHECKSUM);
    checksum(signed) == given
}

/// Number of characters of a key that are stored in clear text and shown: its prefix, whatever its length is, and
/// five random ones. 0 for a text without a prefix.
#[must_use]
pub fn shown_length(text: &str) -> usize {
    // A prefix has its only `_` at its end, and the random part has none.
    text.find('_').map_or(0, |at| (at + 1 + SHOWN).min(text.len()))
}

/// The part of a key that is stored in clear text and shown: `bye_a1B2c`.
#[must_use]
pub fn display_prefix(text: &SecretText) -> String {
    let text = text.expose();
    text.get(..shown_length(text)).unwrap_or_default().to_owned()
}

/// CRC-32 (as in Ethernet and gzip) in base62, padded with `0` on the left.
fn checksum(text: &str) -> String {
    let mut rest = crc32fast::hash(text.as_bytes());
    let mut digits = [b'0'; CHECKSUM];
    for digit in digits.iter_mut().rev() {
        *digit = BASE62[(rest % 62) as usize];
        rest /= 62;
    }
    digits.iter().copied().map(char::from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn counting() -> impl FnMut(&mut [u8]) {
        let mut next = 0_u8;
        move |bytes| {
            for byte in bytes {
                *byte = next;
                next = next.wrapping_add(37);
            }
        }
    }

    #[test]
    fn a_key_has_42_characters_and_is_well_formed() {
        let key = generate("bye_", counting());
        assert_eq!(key.expose().len(), 42);
        assert!(key.expose().starts_with("bye_"));
        assert!(is_well_formed(key.expose()));
        assert_eq!(display_prefix(&key), &key.expose()[..9]);
        assert_eq!(generate("a_", counting()).expose().len(), 40);
    }

    #[test]
    fn the_prefix_and_five_random_characters_are_shown_whatever_the_prefix_is() {
        for prefix in ["a_", "bye_", "weathervane_", "abcdefghijklmno_"] {
            let key = generate(prefix, counting());
            let shown = display_prefix(&key);
            assert_eq!(shown, key.expose()[..prefix.len() + 5]);
            assert_eq!(shown.len(), shown_length(key.expose()));
        }
        for (text, length) in [("", 0), ("abc", 0), ("bye_", 4), ("bye_a1", 6)] {
            assert_eq!(shown_length(text), length, "{text}");
        }
    }

    #[test]
    fn unfair_bytes_are_thrown_away() {
        let mut calls = 0;
        let key = generate("bye_", |bytes| {
            // A byte of 248 would map to `0` if it were not rejected; the second call returns valid bytes.
            bytes.fill(if calls == 0 { 248 } else { 61 });
            calls += 1;
        });
        assert_eq!(calls, 2);
        assert_eq!(&key.expose()[4..36], "z".repeat(32));
    }

    #[test]
    fn every_character_is_equally_likely() {
        let mut seen = [0_u32; 256];
        for byte in 0..=247_u8 {
            let key = generate("bye_", |bytes| bytes.fill(byte));
            seen[usize::from(key.expose().as_bytes()[4])] += 1;
        }
        assert!(BASE62.iter().all(|&c| seen[usize::from(c)] == 4));
    }

    #[test]
    fn the_checksum_is_that_of_zlib() {
        assert_eq!(checksum("123456789"), {
            let mut n = 0xCBF4_3926_u32; // the check value of CRC-32/ISO-HDLC
            let mut out = Vec::new();
            while n > 0 {
                out.insert(0, BASE62[(n % 62) as usize]);
                n /= 62;
            }
            format!("{:0>6}", String::from_utf8(out).expect("base62 is ASCII"))
        });
    }

    #[test]
    fn prefixes() {
        for good in ["bye_", "a_", "acme2_", "abcdefghijklmno_"] {
            assert!(is_prefix(good), "{good}");
        }
        for bad in [
            "",
            "_",
            "bye",
            "Bye_",
            "2a_",
            "a b_",
            "by_e_",
            "abcdefghijklmnop_",
        ] {
            assert!(!is_prefix(bad), "{bad}");
        }
    }

    #[test]
    fn a_key_of_an_earlier_prefix_is_still_one() {
        assert!(is_well_formed(generate("acme_", counting()).expose()));
    }

    #[test]
    fn a_right_checksum_is_not_enough() {
        let signed = |signed: String| format!("{signed}{}", checksum(&signed));
        let random = "a".repeat(RANDOM);
        assert!(is_well_formed(&signed(format!("bye_{random}"))));
        for prefix in ["Bye_", "bye-", ""] {
            assert!(!is_well_formed(&signed(format!("{prefix}{random}"))), "{prefix}");
        }
        assert!(!is_well_formed(&signed(format!("bye_-{}", &random[1..]))));
        // The random part would begin inside of a character.
        assert!(!is_well_formed(&format!(
            "\u{e9}{}",
            "a".repeat(RANDOM + CHECKSUM - 1)
        )));
    }

    proptest! {
        #[test]
        fn one_changed_character_is_found(at in 0..42_usize, to in "[0-9A-Za-z]") {
            let key = generate("bye_", counting());
            let mut text = key.expose().to_owned();
            text.replace_range(at..=at, &to);
            prop_assert_eq!(is_well_formed(&text), text == key.expose());
        }

        #[test]
        fn no_text_makes_it_panic(text in any::<String>()) {
            prop_assert!(!is_well_formed(&text) && shown_length(&text) <= text.len());
        }

        #[test]
        fn whatever_the_generator_gives_the_key_is_well_formed(seed in any::<u64>()) {
            let mut state = seed;
            let key = generate("bye_", |bytes| for byte in bytes {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                *byte = (state >> 56) as u8;
            });
            prop_assert!(is_well_formed(key.expose()));
        }
    }
}
