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

/// Whether a path leads to a page of this server that one is sent back to after signing in (docs/security.md, S26).
#[must_use]
pub fn is_own_page(path: &str) -> bool {
    path.starts_with("/home/")
        && path.len() <= 512
        && path.bytes().all(|b| b.is_ascii_graphic() && b != b'\\')
        && !path.contains("//")
        && !path.contains("..")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_own_pages_are_gone_back_to() {
        assert!(is_own_page("/home/ada/api-keys?dialog=create"));
        for foreign in [
            "",
            "/",
            "//evil.example",
            "/home//evil",
            "/\\evil",
            "https://evil.example",
            "/home/a\r\nX: y",
            "/home/../x",
        ] {
            assert!(!is_own_page(foreign), "{foreign:?}");
        }
    }
}
