//! Secret text: the full text of an API key on its way to the person who created it.

use serde::{Deserialize, Serialize};
use std::fmt;
use zeroize::Zeroizing;

/// The full text of a key. It cannot be printed or copied: code that needs the characters calls [`SecretText::expose`],
/// and a search for that name finds every use (docs/security.md, S30 and S33). Its memory is overwritten on drop.
#[derive(Serialize, Deserialize)]
#[serde(transparent)]
pub struct SecretText(Zeroizing<String>);

impl SecretText {
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
    fn its_memory_is_overwritten_when_it_is_dropped() {
        fn is_overwritten(_: &impl zeroize::ZeroizeOnDrop) {}
        is_overwritten(&SecretText::new(String::new()).0);
    }

    #[test]
    fn debug_shows_nothing() {
        let shown = format!("{:?}", SecretText::new("bye_secret".to_owned()));
        assert!(!shown.contains("bye_"), "{shown}");
        assert!(shown.starts_with("SecretText"), "{shown}");
        assert_eq!(SecretText::new("bye_secret".to_owned()).expose(), "bye_secret");
    }
}
