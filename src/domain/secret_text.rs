//! Secret text: the full text of an API key, on its one way to the person who asked for it.

use serde::{Deserialize, Serialize};
use std::fmt;

/// The full text of a key. It neither prints nor copies: whoever needs the characters says so by
/// [`SecretText::expose`], and a search for that word finds every place (docs/security.md, S30 and S33).
#[derive(Serialize, Deserialize)]
#[serde(transparent)]
pub struct SecretText(String);

impl SecretText {
    /// Takes the characters over.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(text)
    }

    /// The characters themselves.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SecretText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretText(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_nothing() {
        let shown = format!("{:?}", SecretText::new("bye_secret".to_owned()));
        assert!(!shown.contains("bye_"), "{shown}");
    }
}
