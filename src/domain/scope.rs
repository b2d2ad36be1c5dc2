//! Scopes: names of permissions of a key.

use std::{collections::BTreeSet, fmt};

/// A set of scope names such as `generation:read`. Written as in OAuth (RFC 6749, section 3.3): separated by spaces,
/// here in alphabetical order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scopes(BTreeSet<String>);

impl Scopes {
    /// Parses the stored form.
    #[must_use]
    pub fn from_stored(text: &str) -> Self {
        text.split(' ').filter(|scope| !scope.is_empty()).collect()
    }

    /// Whether the set is empty.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Number of scopes.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// The scopes, in alphabetical order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// Whether `scope` is in the set.
    #[must_use]
    pub fn contains(&self, scope: &str) -> bool {
        self.0.contains(scope)
    }
}

impl<'a> FromIterator<&'a str> for Scopes {
    fn from_iter<I: IntoIterator<Item = &'a str>>(scopes: I) -> Self {
        Self(scopes.into_iter().map(str::to_owned).collect())
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, scope) in self.0.iter().enumerate() {
            write!(f, "{}{scope}", if n == 0 { "" } else { " " })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_are_a_sorted_set_of_words() {
        let scopes: Scopes = ["b:write", "a:read", "b:write"].into_iter().collect();
        assert_eq!(scopes.to_string(), "a:read b:write");
        assert_eq!(Scopes::from_stored("b:write  a:read"), scopes);
        assert_eq!((scopes.len(), scopes.is_empty()), (2, false));
        assert_eq!(scopes.iter().collect::<Vec<_>>(), ["a:read", "b:write"]);
        assert!(scopes.contains("a:read") && !scopes.contains("a"));
        let none = Scopes::from_stored("");
        assert_eq!(
            (none.len(), none.is_empty(), none.to_string().as_str()),
            (0, true, "")
        );
    }
}
