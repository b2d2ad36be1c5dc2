//! Signing up, in and out, for both doors: the use case, then the session, then where to go.

use super::pages::keys_path;
use crate::domain::activity::Trace;
use crate::{
    domain::{ids::UserId, password::Password},
    server::{
        app::App,
        service::{ServiceError, accounts},
        session,
    },
};
use tower_sessions::Session;

/// Signs up and in. Returns the path to go to.
///
/// # Errors
/// As the use case.
pub async fn sign_up(
    app: &App,
    browser: &Session,
    name: &str,
    email: &str,
    password: &Password,
    trace: &Trace,
) -> Result<String, ServiceError> {
    let user = accounts::sign_up(app, name, email, password, trace).await?;
    session::begin(browser, user).await?;
    home(app, user).await
}

/// Signs in. Returns the path to go to: `next` if it is one of ours.
///
/// # Errors
/// As the use case.
pub async fn sign_in(
    app: &App,
    browser: &Session,
    email: &str,
    password: &Password,
    next: &str,
    trace: &Trace,
) -> Result<String, ServiceError> {
    let user = accounts::sign_in(app, email, password, trace).await?;
    session::begin(browser, user).await?;
    if is_own_page(next) {
        Ok(next.to_owned())
    } else {
        home(app, user).await
    }
}

/// The keys of a person's own account.
///
/// # Errors
/// When the person is gone or the database fails.
pub async fn home(app: &App, user: UserId) -> Result<String, ServiceError> {
    accounts::home(app, user)
        .await
        .map(|account| keys_path(&account.slug))
}

/// `path` if it leads to a page of this server, else the page that leads on from there.
#[must_use]
pub fn own_page(path: &str) -> &str {
    if is_own_page(path) || matches!(path, "/sign-in" | "/sign-up") {
        path
    } else {
        "/"
    }
}

/// Longest address that one is sent back to, in bytes: a search of 100 characters may take 1,200.
const LONGEST_ADDRESS: usize = 2_048;

/// Whether an address leads to a page of this server that one is sent back to after signing in (docs/security.md, S26).
/// Only its path decides where it leads: what is searched for may hold anything that stands in an address.
#[must_use]
pub fn is_own_page(address: &str) -> bool {
    let path = address.split(['?', '#']).next().unwrap_or_default();
    address.len() <= LONGEST_ADDRESS
        && address.bytes().all(|b| b.is_ascii_graphic() && b != b'\\')
        && path.starts_with("/home/")
        // Browsers read `%2e` as a dot here.
        && ["//", "..", "%2e", "%2E"].iter().all(|part| !path.contains(part))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_own_pages_are_gone_back_to() {
        let longest = format!("/home/ada/api-keys?search={}", "x".repeat(LONGEST_ADDRESS - 26));
        assert_eq!(longest.len(), LONGEST_ADDRESS);
        for own in [
            "/home/ada/api-keys?dialog=create",
            "/home/ada/api-keys?search=a..b&status=active",
            "/home/ada/api-keys?search=https://evil.example/../",
            "/home/ada/api-keys?search=%2E%2e%2F%5C",
            "/home/ada/activity#//..",
            &longest,
        ] {
            assert!(is_own_page(own), "{own:?}");
        }
        for foreign in [
            "",
            "/",
            "//evil.example",
            "/home//evil",
            "/\\evil",
            "https://evil.example",
            "/home/a\r\nX: y",
            "/home/../x",
            "/home/..",
            "/home/%2e%2E/x",
            "/home/.%2e/x",
            "/home/..?search=x",
            "/home//evil#x",
            "/home/a?search=\\",
            "/home/a?search=\u{7}",
            "/home/a?search=a b",
            "/home/a?search=\u{e9}",
            "home/a",
            "/homes/a",
            "?/home/a",
            &format!("{longest}x"),
        ] {
            assert!(!is_own_page(foreign), "{foreign:?}");
        }
    }
}
