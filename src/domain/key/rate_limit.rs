//! A key's own rate limit, beside its account's: requests a minute.

use crate::domain::number::counted;
use std::fmt;

/// Maximum of a key's rate limit, in requests a minute.
pub const MOST: u32 = 1_000_000;

/// The text is no rate limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateLimitError;

impl fmt::Display for RateLimitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Enter a whole number from 1 to 1,000,000, or leave the field empty.")
    }
}

/// Parses a rate limit, with or without commas between its thousands. An empty text means that the key has none
/// of its own.
///
/// # Errors
/// When it is no whole number in range.
pub fn parse(text: &str) -> Result<Option<u32>, RateLimitError> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    match without_commas(text).and_then(|digits| digits.parse().ok()) {
        Some(limit) if (1..=MOST).contains(&limit) => Ok(Some(limit)),
        _ => Err(RateLimitError),
    }
}

/// The digits of a number; `None` if it has anything else, or a comma that separates no thousands: `1,5` is one and a
/// half in many countries.
fn without_commas(text: &str) -> Option<String> {
    let mut groups = text.split(',');
    let first = groups.next()?;
    let is_grouped = groups.clone().next().is_none() || (1..=3).contains(&first.len());
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b',');
    (is_grouped && is_number && groups.all(|group| group.len() == 3)).then(|| text.replace(',', ""))
}

/// For people: `1 request a minute`, `1,000,000 requests a minute`.
#[must_use]
pub fn label(limit: u32) -> String {
    format!("{} a minute", counted(u64::from(limit), "request"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_whole_numbers_or_nothing() {
        for (typed, limit) in [
            ("", Ok(None)),
            ("  ", Ok(None)),
            (" 60 ", Ok(Some(60))),
            ("1000000", Ok(Some(MOST))),
            ("1,000,000", Ok(Some(MOST))),
            ("1,200", Ok(Some(1_200))),
        ] {
            assert_eq!(parse(typed), limit, "{typed:?}");
        }
        for wrong in [
            "0",
            "-1",
            "+1",
            "1.5",
            "1e3",
            "1000001",
            "60/min",
            "99999999999",
            "６０",
            ",",
            "1,5",
            "60,",
            ",060",
            "1000,000",
            "1,000,001",
        ] {
            assert_eq!(parse(wrong), Err(RateLimitError), "{wrong:?}");
        }
        let sentence = "Enter a whole number from 1 to 1,000,000, or leave the field empty.";
        assert_eq!(RateLimitError.to_string(), sentence);
    }

    #[test]
    fn labels_have_commas() {
        assert_eq!(
            [1, 60, MOST].map(label),
            [
                "1 request a minute",
                "60 requests a minute",
                "1,000,000 requests a minute"
            ]
        );
    }
}
