//! The error of a server function. Everything in it is safe to show.

use crate::domain::field_errors::FieldErrors;
use leptos::server_fn::{
    codec::JsonEncoding,
    error::{FromServerFnError, ServerFnErrorErr},
};
use serde::{Deserialize, Serialize};

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
