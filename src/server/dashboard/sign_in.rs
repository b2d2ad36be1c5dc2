//! Sign-up, sign-in and sign-out for both entry points: the use case, then the session, then the redirect.

use super::caller;
use crate::{
    api::wire::ApiError,
    domain::{activity::Trace, ids::UserId, password::Password, paths},
    server::{
        app::App,
        dashboard::session::{self, known},
        error::ServiceError,
        http::{addresses, client_ip},
        service::{
            accounts::{self, NewPerson},
            sign_in::{self, Entered, Try},
        },
    },
};
use axum::{
    extract::FromRequestParts,
    http::{HeaderValue, header, request::Parts},
    response::{IntoResponse, Response},
};
use leptos::prelude::{expect_context, use_context};
use leptos_axum::ResponseOptions;
use tower_sessions::Session;

/// A sign-in or sign-up request.
pub struct Visitor {
    app: App,
    browser: Session,
    client: client_ip::Client,
    known: String,
    trace: Trace,
}

/// Result of sign-in: the next page, and the known-browser cookie.
pub struct Welcome {
    /// Path of the next page.
    pub path: String,
    /// `Set-Cookie`.
    pub cookie: Option<HeaderValue>,
}

impl Visitor {
    fn new(app: App, browser: Session, parts: &Parts) -> Self {
        Self {
            client: client_ip::of(&app, &parts.headers, &parts.extensions),
            known: known::read(&app, &parts.headers),
            trace: client_ip::trace(&app, parts),
            app,
            browser,
        }
    }

    /// The request of a server function.
    ///
    /// # Panics
    /// When not called from a server function.
    #[must_use]
    pub fn calling() -> Self {
        let (app, browser) = caller::anybody();
        Self::new(app, browser, &expect_context::<Parts>())
    }

    /// Signs up and in.
    ///
    /// # Errors
    /// As the use case.
    pub async fn sign_up(
        &self,
        name: &str,
        email: &str,
        password: &Password,
    ) -> Result<Welcome, ServiceError> {
        let form = NewPerson {
            name,
            email,
            password,
            network: self.client.network(),
            known: &self.known,
            trace: &self.trace,
        };
        let entered = accounts::sign_up(&self.app, form).await?;
        self.welcome(entered, "").await
    }

    /// Signs in. Redirects to `next` if it is one of our pages.
    ///
    /// # Errors
    /// As the use case.
    pub async fn sign_in(
        &self,
        email: &str,
        password: &Password,
        next: &str,
    ) -> Result<Welcome, ServiceError> {
        let attempt = Try {
            email,
            password,
            network: self.client.network(),
            known: &self.known,
            trace: &self.trace,
        };
        let entered = sign_in::sign_in(&self.app, attempt).await?;
        self.welcome(entered, next).await
    }

    async fn welcome(&self, entered: Entered, next: &str) -> Result<Welcome, ServiceError> {
        session::begin(&self.browser, entered.user, &entered.password_hash).await?;
        Ok(Welcome {
            path: if is_own_page(next) {
                addresses::without_keys(next, &self.app.config.key_prefix).into_owned()
            } else {
                home(&self.app, entered.user).await?
            },
            cookie: known::keep(&self.app, &entered.known),
        })
    }
}

impl FromRequestParts<App> for Visitor {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Response> {
        let browser = Session::from_request_parts(parts, app)
            .await
            .map_err(IntoResponse::into_response)?;
        Ok(Self::new(app.clone(), browser, parts))
    }
}

/// Path of the keys of the account to show after sign-in.
///
/// # Errors
/// When the person no longer exists, or the database fails.
pub async fn home(app: &App, user: UserId) -> Result<String, ServiceError> {
    accounts::home(app, user)
        .await
        .map(|account| paths::keys(&account.slug))
}

/// `path` if it is a page of this server, else `/`, which redirects.
#[must_use]
pub fn own_page(path: &str) -> &str {
    if is_own_page(path) || matches!(path, paths::SIGN_IN | paths::SIGN_UP) {
        path
    } else {
        "/"
    }
}

/// Maximum length of a redirect target in bytes: a search of 100 characters can take 1,200.
const LONGEST_ADDRESS: usize = 2_048;

/// Whether an address is a page of this server that sign-in may redirect to (docs/security.md, S26). Only the
/// path is checked, because a search in the query can contain any text.
#[must_use]
pub fn is_own_page(address: &str) -> bool {
    let path = address.split(['?', '#']).next().unwrap_or_default();
    address.len() <= LONGEST_ADDRESS
        && address.bytes().all(|b| b.is_ascii_graphic() && b != b'\\')
        && path.starts_with(paths::HOME)
        // An export is made by a link of ours, and not by an address that came from elsewhere.
        && paths::without_export(address).is_none()
        // Browsers decode `%2e` to a dot here.
        && ["//", "..", "%2e", "%2E"].iter().all(|part| !path.contains(part))
}

/// Redirect target after sign-in or sign-up; the response sets the cookie.
pub fn welcome(result: Result<Welcome, ServiceError>) -> Result<String, ApiError> {
    let led = caller::answer(result)?;
    if let (Some(options), Some(cookie)) = (use_context::<ResponseOptions>(), led.cookie) {
        options.append_header(header::SET_COOKIE, cookie);
    }
    Ok(led.path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_own_pages_are_redirect_targets() {
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
            "/home/ada/activity/export?format=csv",
            &format!("{longest}x"),
        ] {
            assert!(!is_own_page(foreign), "{foreign:?}");
        }
    }
}
