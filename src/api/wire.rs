//! What server functions and pages exchange: forms as they are drawn, errors, and what use cases give out. An error is safe
//! to show.

use crate::domain::{
    field_errors::FieldErrors,
    network::{Entry, Reading},
    secret_text::SecretText,
    snippet::{Snippet, Trial},
};
use leptos::server_fn::{
    codec::JsonEncoding,
    error::{FromServerFnError, ServerFnErrorErr},
};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Why a form was not accepted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
// A page that was opened before an upgrade must still understand the server.
#[serde(default)]
pub struct ApiError {
    /// A sentence about the whole form, if there is one.
    pub message: Option<String>,
    /// What was wrong with single fields.
    pub fields: FieldErrors,
}

impl ApiError {
    /// A sentence about the whole form.
    #[must_use]
    pub fn message(text: impl Into<String>) -> Self {
        Self {
            message: Some(text.into()),
            ..Self::default()
        }
    }
}

impl FromServerFnError for ApiError {
    type Encoder = JsonEncoding;

    /// The request did not get as far as the use case. The words of the library stay out of sight.
    fn from_server_fn_error(error: ServerFnErrorErr) -> Self {
        Self::message(match error {
            ServerFnErrorErr::Args(_) | ServerFnErrorErr::MissingArg(_) => {
                "This form could not be read. Reload the page and try again."
            }
            ServerFnErrorErr::Request(_) => {
                "The server could not be reached. What you typed is still here: try again in a moment."
            }
            _ => "Something went wrong. What you typed is still here: try again in a moment.",
        })
    }
}

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

/// A key whose secret was just made: the one answer that holds it (docs/security.md, S33).
#[derive(Debug, Serialize, Deserialize)]
pub struct RevealedKey {
    /// Id.
    pub id: String,
    /// Name.
    pub name: String,
    /// What it may do and from where, in words.
    pub about: String,
    /// The full text.
    pub secret: SecretText,
    /// Whether it was just made to replace another.
    pub rotated: bool,
    /// What was changed of what was typed.
    pub notes: Vec<String>,
    /// How to use it.
    pub snippets: Vec<Snippet>,
    /// How to find out whether it works, if its scopes open any route.
    pub trial: Option<Trial>,
}

impl RevealedKey {
    /// Title of the dialog that shows it, and the label of its secret (docs.babysea.ai, `/api-keys/rotation`).
    #[must_use]
    pub const fn titles(&self) -> (&'static str, &'static str) {
        if self.rotated {
            ("Key rotated successfully", "New API key")
        } else {
            ("View API key", "API key")
        }
    }
}

/// An allowlist as it was understood.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct AllowlistReading {
    /// Each entry and what it covers.
    pub lines: Vec<String>,
    /// What was changed of what was typed.
    pub notes: Vec<String>,
}

impl AllowlistReading {
    /// Everything that is said of it, if it has an entry.
    pub fn sentences(&self) -> impl Iterator<Item = &String> {
        let notes = if self.lines.is_empty() {
            &[][..]
        } else {
            &self.notes
        };
        notes.iter().chain(&self.lines)
    }
}

impl From<Reading> for AllowlistReading {
    fn from(reading: Reading) -> Self {
        let line = |entry: Entry| format!("{entry}: {}", entry.covers());
        Self {
            lines: reading.list.entries().map(line).collect(),
            notes: reading.notes,
        }
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
        assert_eq!(
            (empty.value("name"), typed.value("name")),
            (String::new(), "prod".to_owned())
        );
        assert_eq!(
            (typed.message(), refused.message()),
            (None, Some("No.".to_owned()))
        );
        assert!(refused.holds("name", "prod") && !empty.holds("name", "prod"));
    }
}
