//! State of a rendered form: previous input and errors.

use super::error::ApiError;
use crate::domain::field_errors::FieldErrors;
use serde::{Deserialize, Serialize};

/// What a form shows when it is drawn. It becomes part of the page: secrets have no place in it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FormState {
    values: Vec<(String, String)>,
    message: Option<String>,
    errors: FieldErrors,
}

impl FormState {
    /// The same form with `value` in `field`.
    #[must_use]
    pub fn with(mut self, field: &str, value: impl Into<String>) -> Self {
        self.values.push((field.to_owned(), value.into()));
        self
    }

    /// The same form with what was wrong with it.
    #[must_use]
    pub fn refused(mut self, error: ApiError) -> Self {
        self.message = error.message;
        self.errors = error.fields;
        self
    }

    /// What `field` holds.
    #[must_use]
    pub fn value(&self, field: &str) -> String {
        self.values
            .iter()
            .find(|(name, _)| name == field)
            .map(|(_, value)| value.clone())
            .unwrap_or_default()
    }

    /// Whether `field` holds `value`, beside others.
    #[must_use]
    pub fn holds(&self, field: &str, value: &str) -> bool {
        self.values
            .iter()
            .any(|(name, held)| name == field && held == value)
    }

    /// The sentence about the whole form.
    #[must_use]
    pub fn message(&self) -> Option<String> {
        self.message.clone()
    }

    /// What was wrong with single fields.
    #[must_use]
    pub const fn errors(&self) -> &FieldErrors {
        &self.errors
    }
}
