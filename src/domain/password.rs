//! Passwords as people type them: how long they must be, and that they are never printed.

use serde::{Deserialize, Serialize};
use std::fmt;
use zeroize::Zeroizing;

/// Longest password taken, in Unicode scalar values (docs/security.md, S1).
pub const MAX_CHARACTERS: usize = 128;
/// Shortest minimum that may be configured.
pub const LEAST_MINIMUM: usize = 8;
/// Minimum when nothing is configured.
pub const DEFAULT_MINIMUM: usize = 10;

/// What a person typed into a password field: any characters, neither trimmed nor normalised. Never printed; its
/// memory is overwritten when it is dropped.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Password(Zeroizing<String>);

/// Why a password was refused before anything was computed from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasswordLength {
    /// Nothing was typed.
    #[error("Enter a password.")]
    Missing,
    /// Fewer characters than the minimum, which it carries.
    #[error("Use at least {0} characters.")]
    TooShort(usize),
    /// More than [`MAX_CHARACTERS`].
    #[error("Use at most {MAX_CHARACTERS} characters.")]
    TooLong,
}

impl Password {
    /// Takes the characters over.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(text.into())
    }

    /// The characters themselves.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Checks the length alone; there are no composition rules and nothing is cut off (S1).
    ///
    /// # Errors
    /// The first rule broken.
    pub fn check_length(&self, minimum: usize) -> Result<(), PasswordLength> {
        match self.0.chars().count() {
            0 => Err(PasswordLength::Missing),
            n if n < minimum => Err(PasswordLength::TooShort(minimum)),
            n if n > MAX_CHARACTERS => Err(PasswordLength::TooLong),
            _ => Ok(()),
        }
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn length_is_counted_in_characters_and_both_ends_are_inside() {
        let check = |n: usize| Password::new("ü".repeat(n)).check_length(10);
        assert_eq!(check(0), Err(PasswordLength::Missing));
        assert_eq!(check(9), Err(PasswordLength::TooShort(10)));
        assert_eq!(check(10), Ok(()));
        assert_eq!(check(128), Ok(()));
        assert_eq!(check(129), Err(PasswordLength::TooLong));
    }

    #[test]
    fn its_memory_is_overwritten_when_it_is_dropped() {
        fn is_overwritten(_: &impl zeroize::ZeroizeOnDrop) {}
        is_overwritten(&Password::new(String::new()).0);
    }

    #[test]
    fn debug_shows_nothing() {
        assert_eq!(format!("{:?}", Password::new("hunter22".into())), "Password(…)");
    }
}
