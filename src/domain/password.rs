//! Passwords as people type them: limits of their length, and a type that is never printed.

use serde::{Deserialize, Serialize};
use std::fmt;
use zeroize::Zeroizing;

/// Maximum length, in Unicode scalar values (docs/security.md, S1).
pub const MAX_CHARACTERS: usize = 128;
/// Lowest minimum length that may be configured.
pub const LEAST_MINIMUM: usize = 8;
/// Default of the minimum length.
pub const DEFAULT_MINIMUM: usize = 10;

/// Content of a password field: any characters, neither trimmed nor normalised. Never printed; its memory is
/// overwritten on drop.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Password(Zeroizing<String>);

/// Why a password was refused because of its length, before it was hashed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasswordLength {
    /// Nothing was typed.
    #[error("Enter a password.")]
    Missing,
    /// Fewer characters than the minimum; carries the minimum.
    #[error("Use at least {0} characters.")]
    TooShort(usize),
    /// More than [`MAX_CHARACTERS`].
    #[error("Use at most {MAX_CHARACTERS} characters.")]
    TooLong,
}

impl Password {
    /// Takes ownership of the text.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(text.into())
    }

    /// The characters themselves.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Checks the length. There are no composition rules, and no truncation (S1).
    ///
    /// # Errors
    /// The first rule that it breaks.
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
        let password = Password::new("hunter22".into());
        assert_eq!(format!("{password:?}"), "Password(…)");
        assert_eq!(password.expose(), "hunter22");
    }
}
