//! The grace period of a rotation: how long the old key keeps working.

use std::time::Duration;

/// The choices of the dialog, in hours (docs.babysea.ai, `/api-keys/rotation`).
pub const CHOICES: [u64; 7] = [1, 6, 12, 24, 48, 72, 168];

/// The preselected choice, in hours.
pub const DEFAULT: u64 = 24;

/// Maximum, in hours.
const LONGEST: u64 = 168;

/// The text is no grace period.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("Choose a grace period from 1 to 168 hours.")]
pub struct NotAGrace;

/// Parses a number of hours, from 1 to 168 (docs/security.md, S37).
///
/// # Errors
/// For any other text.
pub fn parse(text: &str) -> Result<Duration, NotAGrace> {
    match text.parse() {
        Ok(hours @ 1..=LONGEST) => Ok(Duration::from_hours(hours)),
        _ => Err(NotAGrace),
    }
}

/// For people: `1 hour`, `48 hours (2 days)`.
#[must_use]
pub fn label(hours: u64) -> String {
    match hours {
        1 => "1 hour".to_owned(),
        24 => "24 hours".to_owned(),
        _ if hours.is_multiple_of(24) => format!("{hours} hours ({} days)", hours / 24),
        _ => format!("{hours} hours"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn from_one_hour_to_a_week() {
        for hours in CHOICES.into_iter().chain([2, 167]) {
            assert_eq!(parse(&hours.to_string()), Ok(Duration::from_hours(hours)));
        }
        for text in ["", "0", "169", "-1", "1.5", "24h", " 24", "99999999999999999999"] {
            assert_eq!(parse(text), Err(NotAGrace), "{text:?}");
        }
        assert!(CHOICES.contains(&DEFAULT));
    }

    #[test]
    fn labels() {
        assert_eq!(
            CHOICES.map(label),
            [
                "1 hour",
                "6 hours",
                "12 hours",
                "24 hours",
                "48 hours (2 days)",
                "72 hours (3 days)",
                "168 hours (7 days)"
            ]
        );
    }
}
