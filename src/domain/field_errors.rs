//! Errors of the fields of a form, as shown beside them.

use serde::{Deserialize, Serialize};

/// Field name and message, in the order of the form. Only the first message of a field is shown.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FieldErrors(Vec<(String, String)>);

impl FieldErrors {
    /// Errors with a single entry.
    #[must_use]
    pub fn one(field: &str, message: impl Into<String>) -> Self {
        let mut errors = Self::default();
        errors.add(field, message);
        errors
    }

    /// Adds an error for `field`.
    pub fn add(&mut self, field: &str, message: impl Into<String>) {
        self.0.push((field.to_owned(), message.into()));
    }

    /// Returns the value of `result`, or adds its error at `field`.
    pub fn check<T, E: std::fmt::Display>(&mut self, field: &str, result: Result<T, E>) -> Option<T> {
        result.map_err(|error| self.add(field, error.to_string())).ok()
    }

    /// The message shown beside `field`.
    #[must_use]
    pub fn get(&self, field: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(name, _)| name == field)
            .map(|(_, message)| message.as_str())
    }

    /// The first field with an error.
    #[must_use]
    pub fn first(&self) -> Option<&str> {
        self.0.first().map(|(name, _)| name.as_str())
    }

    /// Whether there is no error.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_field_has_its_first_message() {
        let mut errors = FieldErrors::default();
        assert!(errors.is_empty() && errors.first().is_none());
        assert_eq!(errors.check("name", Ok::<_, String>(7)), Some(7));
        assert_eq!(errors.check("name", Err::<u8, _>("Enter a name.")), None);
        errors.add("name", "Use fewer characters.");
        errors.add("preset", "Choose permissions.");
        assert!(!errors.is_empty());
        assert_eq!(errors.first(), Some("name"));
        assert_eq!(errors.get("name"), Some("Enter a name."));
        assert_eq!(errors.get("preset"), Some("Choose permissions."));
        assert_eq!(errors.get("expires"), None);
        let one = FieldErrors::one("email", "Enter an email address.");
        assert_eq!(
            (one.first(), one.get("email")),
            (Some("email"), Some("Enter an email address."))
        );
    }
}
