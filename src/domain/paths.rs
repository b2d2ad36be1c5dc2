//! Addresses of the dashboard. `server::dashboard::pages` has a page at each.

use std::fmt::Display;

/// Signing in.
pub const SIGN_IN: &str = "/sign-in";
/// Making an account.
pub const SIGN_UP: &str = "/sign-up";
/// Where the form that signs out is posted to.
pub const SIGN_OUT: &str = "/sign-out";
/// Making a team.
pub const CREATE_TEAM: &str = "/home/create-team";
/// Where the choice between light and dark is posted to.
pub const THEME: &str = "/theme";
/// What the addresses of all pages about an account begin with.
pub const HOME: &str = "/home/";

/// The keys of the account with this slug.
#[must_use]
pub fn keys(account: &str) -> String {
    page(account, "api-keys")
}

/// A key, by the address of the page with all keys.
#[must_use]
pub fn key_below(keys: &str, id: impl Display) -> String {
    format!("{keys}/{id}")
}

/// The activity of the account.
#[must_use]
pub fn activity(account: &str) -> String {
    page(account, "activity")
}

/// The activity as a file, by the address of its page.
#[must_use]
pub fn activity_export(activity: &str) -> String {
    format!("{activity}/export")
}

/// The scopes of the catalogue.
#[must_use]
pub fn scopes(account: &str) -> String {
    page(account, "scopes")
}

/// The configurations of proxies.
#[must_use]
pub fn guard(account: &str) -> String {
    page(account, "guard")
}

/// The configuration of a proxy as a file, by the address of the page with all of them.
#[must_use]
pub fn guard_file(guard: &str, proxy: &str) -> String {
    format!("{guard}/{proxy}")
}

/// A page of the account with this slug.
fn page(account: &str, name: &str) -> String {
    format!("{HOME}{account}/{name}")
}
