//! The parts of a request that every page needs: theme, path, session cookie, request context.

use crate::{
    domain::{activity::Trace, done::Done, theme::Theme},
    server::{
        app::App,
        config::Origin,
        dashboard::{
            middleware::same_origin::{from_another_site, from_own_page},
            session::{
                self,
                cookies::{self, Name},
            },
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
    /// Whether it may change which account the person visited last. A link of another site may not, nor `HEAD`.
    pub counts_as_visit: bool,
    /// The request headers.
    pub headers: HeaderMap,
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
            theme: theme(&app.origin, headers),
            path: path_of(app, uri),
            is_read: method.is_safe(),
            counts_as_visit: method != Method::HEAD && !from_another_site(headers),
            headers: headers.clone(),
            trace: Trace {
                request_id: String::new(),
                ip_hash: None,
            },
            done: None,
            holder: Holder::of(app, headers),
        }
    }

    /// Whether it comes from a page of this server.
    #[must_use]
    pub fn is_own_form(&self) -> bool {
        from_own_page(&self.headers, &self.app.origin)
    }

    /// Whether it has a session cookie; the session may have ended.
    #[must_use]
    pub fn has_cookie(&self) -> bool {
        !session::cookie(&self.app, &self.headers).is_empty()
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
fn theme(origin: &Origin, headers: &HeaderMap) -> Theme {
    let mut kept = cookies::values(origin, headers, Name::Theme);
    kept.find_map(|id| Theme::from_id(&id)).unwrap_or_default()
}

/// `Set-Cookie` for the theme.
#[must_use]
pub fn keep_theme(app: &App, theme: Theme) -> Option<HeaderValue> {
    let kept = if theme == Theme::System {
        Duration::ZERO
    } else {
        KEPT
    };
    cookies::keep(&app.origin, Name::Theme, theme.id(), kept)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::config::Config;
    use axum::http::header;

    #[test]
    fn the_cookie_is_found_among_others() {
        let config = Config::from_arguments(["babysea"]).expect("defaults");
        let origin = config.origin(config.listen).expect("an origin");
        let with = |cookie: &'static str| {
            let headers = HeaderMap::from_iter([(header::COOKIE, HeaderValue::from_static(cookie))]);
            theme(&origin, &headers)
        };
        for dark in [
            "session=abc; babysea-3000-theme=dark",
            "babysea-3000-theme=blue; babysea-3000-theme=dark",
        ] {
            assert_eq!(with(dark), Theme::Dark, "{dark}");
        }
        for other in [
            "",
            "theme=dark",
            "babysea-3000-theme",
            "babysea-3000-theme=blue",
            "babysea-3001-theme=dark",
            "babysea-3000-theme=\"dark\"",
        ] {
            assert_eq!(with(other), Theme::System, "{other}");
        }
    }
}
