//! Refuses cross-site requests that change something (docs/security.md, S24).

use crate::server::app::App;
use axum::{
    extract::{Request, State},
    http::{HeaderMap, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};

/// Passes safe methods, and other methods only from our own pages.
pub async fn layer(State(app): State<App>, request: Request, next: Next) -> Response {
    let safe = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    if safe || from_own_page(request.headers(), app.origin.as_str()) {
        next.run(request).await
    } else {
        StatusCode::FORBIDDEN.into_response()
    }
}

/// `Sec-Fetch-Site` decides if the browser sends it; otherwise `Origin` must be ours. Every browser in use
/// sends one of them.
#[must_use]
pub fn from_own_page(headers: &HeaderMap, origin: &str) -> bool {
    let only = |name: &str| {
        let mut values = headers.get_all(name).iter();
        values
            .next()
            .map(|first| (first.as_bytes(), values.next().is_none()))
    };
    match (only("sec-fetch-site"), only(header::ORIGIN.as_str())) {
        (Some((site, true)), _) => site == b"same-origin",
        (None, Some((given, true))) => given == origin.as_bytes(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_a_change_may_come_from() {
        const SITE: &str = "sec-fetch-site";
        const ORIGIN: &str = "origin";
        const OWN: &str = "https://keys.example.com";
        for (given, passes) in [
            (&[][..], false),
            (&[(SITE, "same-origin")], true),
            (&[(SITE, "same-site")], false),
            (&[(SITE, "cross-site")], false),
            (&[(SITE, "none")], false),
            (&[(SITE, "cross-site"), (ORIGIN, OWN)], false),
            (&[(SITE, "same-origin"), (SITE, "same-origin")], false),
            (&[(ORIGIN, OWN)], true),
            (&[(ORIGIN, "https://evil.example")], false),
            (&[(ORIGIN, "null")], false),
            (&[(ORIGIN, "https://keys.example.com.evil.example")], false),
            (&[(ORIGIN, OWN), (ORIGIN, OWN)], false),
        ] {
            let mut headers = HeaderMap::new();
            for &(name, value) in given {
                headers.append(name, value.parse().expect("a header value"));
            }
            assert_eq!(from_own_page(&headers, OWN), passes, "{given:?}");
        }
    }
}
