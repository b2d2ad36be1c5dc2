//! The cookie of a browser in which somebody has signed in before (docs/security.md, S7). It signs nobody in and stays
//! when one signs out.

use crate::server::app::App;
use axum::http::{HeaderMap, HeaderValue, header};
use tower_sessions::cookie::{Cookie, SameSite};

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
    let name = name(app.origin.is_https());
    let lines = headers.get_all(header::COOKIE).iter();
    lines
        .filter_map(|line| line.to_str().ok())
        .flat_map(Cookie::split_parse)
        .filter_map(Result::ok)
        .find(|cookie| cookie.name() == name && cookie.value().len() <= MOST_BYTES)
        .map(|cookie| cookie.value().to_owned())
        .unwrap_or_default()
}

/// `Set-Cookie` that keeps a value.
#[must_use]
pub fn keep(app: &App, value: &str) -> Option<HeaderValue> {
    let https = app.origin.is_https();
    let cookie = Cookie::build((name(https), value))
        .max_age(KEPT)
        .path("/")
        .secure(https)
        .http_only(true)
        .same_site(SameSite::Lax)
        .build();
    HeaderValue::try_from(cookie.to_string()).ok()
}
