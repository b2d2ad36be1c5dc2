//! The cookie of a browser in which a person has signed in before (docs/security.md, S7). It does not sign in and stays
//! when one signs out.

use super::cookies;
use crate::server::app::App;
use axum::http::{HeaderMap, HeaderValue};

/// How long browsers keep it: a year, which its value says too.
const KEPT: time::Duration = time::Duration::days(365);
/// Most bytes of a value that are read: three people's.
const MOST_BYTES: usize = 512;

const fn name(https: bool) -> &'static str {
    if https { "__Host-known" } else { "known" }
}

/// What the browser sent; empty if nothing.
#[must_use]
pub fn read(app: &App, headers: &HeaderMap) -> String {
    let mut kept = cookies::values(headers, name(app.origin.is_https()));
    kept.find(|value| value.len() <= MOST_BYTES).unwrap_or_default()
}

/// `Set-Cookie` that keeps a value.
#[must_use]
pub fn keep(app: &App, value: &str) -> Option<HeaderValue> {
    let https = app.origin.is_https();
    cookies::keep(https, name(https), value, KEPT)
}
