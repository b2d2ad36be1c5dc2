//! The known-browser cookie (docs/security.md, S7). It does not sign in, and stays after sign-out.

use super::cookies;
use crate::server::app::App;
use axum::http::{HeaderMap, HeaderValue};

/// Lifetime of the cookie; its value contains the same end.
const KEPT: time::Duration = time::Duration::days(365);
/// Maximum length of a value in bytes; enough for three people.
const MOST_BYTES: usize = 512;

const fn name(https: bool) -> &'static str {
    if https { "__Host-known" } else { "known" }
}

/// Value of the cookie; empty if there is none.
#[must_use]
pub fn read(app: &App, headers: &HeaderMap) -> String {
    let mut kept = cookies::values(headers, name(app.origin.is_https()));
    kept.find(|value| value.len() <= MOST_BYTES).unwrap_or_default()
}

/// `Set-Cookie` with a new value.
#[must_use]
pub fn keep(app: &App, value: &str) -> Option<HeaderValue> {
    let https = app.origin.is_https();
    cookies::keep(https, name(https), value, KEPT)
}
