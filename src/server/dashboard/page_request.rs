//! The parts of a request that every page needs: theme, path, session cookie, request context.

use crate::{
    domain::{activity::Trace, done::Done, theme::Theme},
    server::{
        app::App,
        dashboard::{
            middleware::same_origin::from_own_page,
            session::{self, cookies},
            status::{self, Holder},
        },
        http::{addresses, client_ip},
    },
};
use axum::{
    extract::{FromRequestParts, OriginalUri},
    http::{HeaderMap, HeaderValue, Method, Uri, request::Parts},
};
use std::convert::Infallible;
use time::Duration;

/// Name of the theme cookie.
const COOKIE: &str = "theme";
/// Lifetime of the theme cookie.
const KEPT: Duration = Duration::days(365);

/// A request for a page.
#[derive(Clone)]
pub struct PageRequest {
    /// The application.
    pub app: App,
    /// The theme.
    pub theme: Theme,
    /// Path and query of the request, without keys.
    pub path: String,
    /// Whether it only reads.
    pub is_read: bool,
    /// Whether it comes from a page of this server.
    pub is_own_form: bool,
    /// Whether it has a session cookie; the session may have ended.
    pub has_cookie: bool,
    /// Request context.
    pub trace: Trace,
    /// What the previous action has done, for the status line of this page.
    pub done: Option<Done>,
    /// The session that status lines are for.
    pub holder: Holder,
}

impl PageRequest {
    /// The request without its context.
    #[must_use]
    pub fn of(app: &App, method: &Method, headers: &HeaderMap, uri: &Uri) -> Self {
        Self {
            app: app.clone(),
            theme: theme(headers),
            path: path_of(app, uri),
            is_read: method.is_safe(),
            is_own_form: from_own_page(headers, app.origin.as_str()),
            has_cookie: !session::cookie(app, headers).is_empty(),
            trace: Trace {
                request_id: String::new(),
                ip_hash: None,
            },
            done: None,
            holder: Holder::of(app, headers),
        }
    }
}

impl FromRequestParts<App> for PageRequest {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Infallible> {
        let uri = parts
            .extensions
            .get::<OriginalUri>()
            .map_or(&parts.uri, |original| &original.0);
        let path = path_of(app, uri);
        Ok(Self {
            trace: client_ip::trace(app, parts),
            done: status::read(app, &parts.headers, &path),
            ..Self::of(app, &parts.method, &parts.headers, uri)
        })
    }
}

/// Path and query of a request, for redirects and links that lead back to it: people paste keys into both.
fn path_of(app: &App, uri: &Uri) -> String {
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    addresses::without_keys(path, &app.config.key_prefix).into_owned()
}

/// The theme in the cookie; an unknown value means the system's.
fn theme(headers: &HeaderMap) -> Theme {
    let kept = cookies::values(headers, COOKIE).next();
    kept.and_then(|id| Theme::from_id(&id)).unwrap_or_default()
}

/// `Set-Cookie` for the theme.
#[must_use]
pub fn keep_theme(app: &App, theme: Theme) -> Option<HeaderValue> {
    let kept = if theme == Theme::System {
        Duration::ZERO
    } else {
        KEPT
    };
    cookies::keep(app.origin.is_https(), COOKIE, theme.id(), kept)
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::header;

    #[test]
    fn the_cookie_is_found_among_others() {
        let with = |cookie: &'static str| {
            theme(&HeaderMap::from_iter([(
                header::COOKIE,
                HeaderValue::from_static(cookie),
            )]))
        };
        assert_eq!(with("session=abc; theme=dark"), Theme::Dark);
        assert_eq!(with("theme=light"), Theme::Light);
        for other in ["", "theme", "theme=blue", "mytheme=dark", "theme=\"dark\""] {
            assert_eq!(with(other), Theme::System, "{other}");
        }
    }
}
