//! A form as it is drawn: what was typed before, and what was wrong with it.

use super::error::ApiError;
use crate::domain::field_errors::FieldErrors;
use std::sync::Arc;

/// What a form shows when it is drawn. It becomes part of the page, so it must hold no secret. Cheap to clone: each field
/// of the form takes one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FormState(Arc<Contents>);

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Contents {
    values: Vec<(String, String)>,
    message: Option<String>,
    errors: FieldErrors,
}

impl FormState {
    /// The same form with `value` in `field`.
    #[must_use]
    pub fn with(mut self, field: &str, value: impl Into<String>) -> Self {
        let values = &mut Arc::make_mut(&mut self.0).values;
        values.push((field.to_owned(), value.into()));
        self
    }

    /// The same form with what was wrong with it.
    #[must_use]
    pub fn refused(mut self, error: ApiError) -> Self {
        let contents = Arc::make_mut(&mut self.0);
        contents.message = error.message;
        contents.errors = error.fields;
        self
    }

    /// What `field` holds.
    #[must_use]
    pub fn value(&self, field: &str) -> String {
        self.0
            .values
            .iter()
            .find(|(name, _)| name == field)
            .map(|(_, value)| value.clone())
            .unwrap_or_default()
    }

    /// Whether `field` holds `value`, beside others.
    #[must_use]
    pub fn holds(&self, field: &str, value: &str) -> bool {
        self.0
            .values
            .iter()
            .any(|(name, held)| name == field && held == value)
    }

    /// The sentence about the whole form.
    #[must_use]
    pub fn message(&self) -> Option<String> {
        self.0.message.clone()
    }

    /// What was wrong with single fields.
    #[must_use]
    pub fn errors(&self) -> &FieldErrors {
        &self.0.errors
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_of_a_form_changes_alone() {
        let empty = FormState::default();
        let typed = empty.clone().with("name", "prod");
        let refused = typed.clone().refused(ApiError::message("No."));
        assert_eq!((empty.value("name"), typed.value("name")), (String::new(), "prod".to_owned()));
        assert_eq!((typed.message(), refused.message()), (None, Some("No.".to_owned())));
        assert!(refused.holds("name", "prod") && !empty.holds("name", "prod"));
    }
}
