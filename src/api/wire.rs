//! Types that server functions and pages exchange: the state of a form, errors, and results of use cases.
//! Everything in an error may be shown.

use crate::domain::{
    field_errors::FieldErrors,
    network::{Entry, Reading},
    secret_text::SecretText,
    snippet::Snippet,
};
use leptos::server_fn::{
    codec::JsonEncoding,
    error::{FromServerFnError, ServerFnErrorErr},
};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Why a form was not accepted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
// New fields need a default: a page that was loaded before an upgrade must still parse the response.
#[serde(default)]
pub struct ApiError {
    /// The error of the whole form, if there is one.
    pub message: Option<String>,
    /// Errors of single fields.
    pub fields: FieldErrors,
    /// What the person can do about it.
    pub next: Next,
}

/// What the person can do about a refused form.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Next {
    /// Correct the form, and send it again.
    #[default]
    Retry,
    /// Sign in in another tab, then send the form again.
    SignIn,
    /// Nothing: the keys have changed, and the action is no longer possible.
    Leave,
    /// Reissue the secret of the key that the form made: path of that dialog.
    Reissue(String),
}

impl ApiError {
    /// An error of the whole form.
    #[must_use]
    pub fn message(text: impl Into<String>) -> Self {
        Self {
            message: Some(text.into()),
            ..Self::default()
        }
    }

    /// The same error with another way on.
    #[must_use]
    pub fn with_next(self, next: Next) -> Self {
        Self { next, ..self }
    }
}

impl FromServerFnError for ApiError {
    type Encoder = JsonEncoding;

    /// The request failed before it reached the use case. The library's own message is not shown.
    fn from_server_fn_error(error: ServerFnErrorErr) -> Self {
        Self::message(match error {
            ServerFnErrorErr::Args(_) | ServerFnErrorErr::MissingArg(_) => {
                "This form could not be read. Reload the page and try again."
            }
            ServerFnErrorErr::Request(_) => {
                "The server could not be reached. Your entries are kept. Try again in a few seconds."
            }
            _ => "Something went wrong. Your entries are kept. Try again in a few seconds.",
        })
    }
}

/// State of a form when it is rendered: values and errors. It becomes part of the page, so it must hold no
/// secret. Cheap to clone: each field of the form takes a clone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FormState(Arc<Contents>);

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Contents {
    values: Vec<(String, String)>,
    message: Option<String>,
    errors: FieldErrors,
}

impl FormState {
    /// Sets the value of `field`.
    #[must_use]
    pub fn with(mut self, field: &str, value: impl Into<String>) -> Self {
        let values = &mut Arc::make_mut(&mut self.0).values;
        values.push((field.to_owned(), value.into()));
        self
    }

    /// Adds the errors of a refused submission.
    #[must_use]
    pub fn refused(mut self, error: ApiError) -> Self {
        let contents = Arc::make_mut(&mut self.0);
        contents.message = error.message;
        contents.errors = error.fields;
        self
    }

    /// The value of `field`.
    #[must_use]
    pub fn value(&self, field: &str) -> String {
        self.0
            .values
            .iter()
            .find(|(name, _)| name == field)
            .map(|(_, value)| value.clone())
            .unwrap_or_default()
    }

    /// Whether `value` is one of the values of `field`, which can have several.
    #[must_use]
    pub fn holds(&self, field: &str, value: &str) -> bool {
        self.0
            .values
            .iter()
            .any(|(name, held)| name == field && held == value)
    }

    /// The error of the whole form.
    #[must_use]
    pub fn message(&self) -> Option<String> {
        self.0.message.clone()
    }

    /// Errors of single fields.
    #[must_use]
    pub fn errors(&self) -> &FieldErrors {
        &self.0.errors
    }
}

/// A key with its new secret: the only response that contains it (docs/security.md, S33).
#[derive(Debug, Serialize, Deserialize)]
pub struct RevealedKey {
    /// Id.
    pub id: String,
    /// Name.
    pub name: String,
    /// Its permissions and when it expires, in words.
    pub about: String,
    /// When it expires, in ISO 8601, if it does.
    // As in `ApiError`, new fields need a default.
    #[serde(default)]
    pub expires_at: Option<String>,
    /// When the key that it replaces stops, in ISO 8601. The first note says so in UTC.
    #[serde(default)]
    pub old_key_ends_at: Option<String>,
    /// The full text.
    pub secret: SecretText,
    /// Whether it is the replacement of a rotated key.
    pub rotated: bool,
    /// Sentences about changes that were made to the input.
    pub notes: Vec<String>,
    /// Snippets that show how to use it.
    pub snippets: Vec<Snippet>,
}

impl RevealedKey {
    /// Title of the dialog, and label of the secret (docs.babysea.ai, `/api-keys/rotation`).
    #[must_use]
    pub const fn titles(&self) -> (&'static str, &'static str) {
        if self.rotated {
            ("Key rotated successfully", "New API key")
        } else {
            ("View API key", "API key")
        }
    }
}

/// A parsed allowlist, for the hint at its field.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct AllowlistReading {
    /// Each entry, and the addresses it covers.
    pub lines: Vec<String>,
    /// Sentences about changes that were made to the input.
    pub notes: Vec<String>,
}

impl AllowlistReading {
    /// Sentences of the hint; none if the list is empty.
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
