//! A key's own rate limit, beside its account's: requests a minute.

use std::fmt;

/// Maximum of a key's rate limit, in requests a minute.
pub const MOST: u32 = 1_000_000;

/// The text is no rate limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateLimitError;

impl fmt::Display for RateLimitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Enter a whole number from 1 to 1000000, or nothing.")
    }
}

/// Parses a rate limit. An empty text means that the key has none of its own.
///
/// # Errors
/// When it is no whole number in range.
pub fn parse(text: &str) -> Result<Option<u32>, RateLimitError> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    match text.parse() {
        Ok(limit) if digits && (1..=MOST).contains(&limit) => Ok(Some(limit)),
        _ => Err(RateLimitError),
    }
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
        ] {
            assert_eq!(parse(wrong), Err(RateLimitError), "{wrong:?}");
        }
        let sentence = "Enter a whole number from 1 to 1000000, or nothing.";
        assert_eq!(RateLimitError.to_string(), sentence);
    }
}
