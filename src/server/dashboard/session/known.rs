//! The known-browser cookie (docs/security.md, S7). It does not sign in, and stays after sign-out.

use super::cookies::{self, Name};
use crate::server::app::App;
use axum::http::{HeaderMap, HeaderValue};

/// Lifetime of the cookie; its value contains the same end.
const KEPT: time::Duration = time::Duration::days(365);
/// Maximum length of a value in bytes; enough for three people.
const MOST_BYTES: usize = 512;

/// Value of the cookie; empty if there is none.
#[must_use]
pub fn read(app: &App, headers: &HeaderMap) -> String {
    let mut kept = cookies::values(&app.origin, headers, Name::Known);
    kept.find(|value| value.len() <= MOST_BYTES).unwrap_or_default()
}

/// `Set-Cookie` with a new value.
#[must_use]
pub fn keep(app: &App, value: &str) -> Option<HeaderValue> {
    cookies::keep(&app.origin, Name::Known, value, KEPT)
}
