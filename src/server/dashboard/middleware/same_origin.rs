//! Refuses cross-site requests that change something (docs/security.md, S24).

use crate::{
    domain::token::found,
    server::{
        app::App,
        config::{Origin, canonical_origin},
        dashboard::error_page::Problem,
        runtime::log_limit::LogLimit,
    },
};
use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderName, StatusCode, header},
    middleware::Next,
    response::Response,
};

/// Where the browser says that a request comes from.
const SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
/// Maximum length of an origin in the log and on the page, in bytes.
const LONGEST: usize = 200;

/// Passes safe methods, and other methods only from our own pages. The log has a line a minute about forms from another
/// origin: the usual cause is a wrong `PUBLIC_URL`.
pub async fn layer(State(app): State<App>, request: Request, next: Next) -> Response {
    static LINES: LogLimit = LogLimit::once_a_minute();
    if request.method().is_safe() || from_own_page(request.headers(), &app.origin) {
        return next.run(request).await;
    }
    let expected = app.origin.as_str();
    let came = named_origin(request.headers());
    if let Some(came) = &came
        && LINES.allows()
    {
        tracing::warn!(
            origin = came,
            expected,
            "a form was refused because it came from another origin: PUBLIC_URL must be the address that people open in the browser"
        );
    }
    Problem::new("This form was not accepted", sentence(came.as_deref(), expected))
        .refuse(StatusCode::FORBIDDEN)
}

/// What the person can do, or pass on to the person who can.
fn sentence(came: Option<&str>, expected: &str) -> String {
    match came {
        None => format!(
            "It was not sent from a page of the dashboard. This server expects to be at {expected}: open the dashboard there and send the form again."
        ),
        Some(NO_ORIGIN | UNREADABLE) => format!(
            "This server expects to be at {expected}, and the browser did not say from which address the form was sent. Open the dashboard at {expected} and send the form again."
        ),
        Some(came) => format!(
            "This server expects to be at {expected}, but the form was sent from {came}. Open the dashboard at {expected}. If that address does not work, give this message to the person who runs the server: PUBLIC_URL must be the address that you open in the browser."
        ),
    }
}

/// What browsers send instead of an origin that they keep to themselves.
const NO_ORIGIN: &str = "null";
/// Stands for a header that is no origin.
const UNREADABLE: &str = "unreadable";

/// The origin of a refused request, for the log and the page. `None` if the browser says that the request comes from
/// another site, or if it names no origin: then no setting can be the cause.
fn named_origin(headers: &HeaderMap) -> Option<String> {
    if headers.contains_key(SITE) {
        return None;
    }
    let text = headers.get(header::ORIGIN)?.to_str().unwrap_or_default();
    if text == NO_ORIGIN {
        return Some(NO_ORIGIN.to_owned());
    }
    // A host can be any text, even a key.
    let origin = canonical_origin(text).filter(|origin| origin.len() <= LONGEST && !found::holds(text));
    Some(origin.unwrap_or_else(|| UNREADABLE.to_owned()))
}

/// The only value of a header; empty if there are several.
fn only<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a [u8]> {
    let mut values = headers.get_all(name).iter();
    let first = values.next()?.as_bytes();
    Some(values.next().map_or(first, |_| b""))
}

/// `Sec-Fetch-Site` decides if the browser sends it; otherwise `Origin` must be ours. Every browser in use
/// sends one of them.
#[must_use]
pub fn from_own_page(headers: &HeaderMap, origin: &Origin) -> bool {
    match (only(headers, &SITE), only(headers, &header::ORIGIN)) {
        (Some(site), _) => site == b"same-origin",
        (None, Some(came)) => std::str::from_utf8(came).is_ok_and(|came| origin.is(came)),
        (None, None) => false,
    }
}

/// Whether a link of another site leads here, as the browser says. An address that was typed or a bookmark does not.
#[must_use]
pub fn from_another_site(headers: &HeaderMap) -> bool {
    only(headers, &SITE).is_some_and(|site| !matches!(site, b"same-origin" | b"none"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::config::Config;

    fn origin(text: &str) -> Origin {
        let config = Config::from_arguments(["babysea", "--public-url", text]).expect("a URL");
        config.origin(config.listen).expect("an origin")
    }

    fn headers(given: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for &(name, value) in given {
            headers.append(name, value.parse().expect("a header value"));
        }
        headers
    }

    #[test]
    fn where_a_change_may_come_from() {
        const SITE: &str = "sec-fetch-site";
        const ORIGIN: &str = "origin";
        const OWN: &str = "https://keys.example.com";
        let own = origin(OWN);
        for (given, passes) in [
            (&[][..], false),
            (&[(SITE, "same-origin")], true),
            (&[(SITE, "same-site")], false),
            (&[(SITE, "cross-site")], false),
            (&[(SITE, "none")], false),
            (&[(SITE, "cross-site"), (ORIGIN, OWN)], false),
            (&[(SITE, "same-origin"), (SITE, "same-origin")], false),
            (&[(ORIGIN, OWN)], true),
            (&[(ORIGIN, "https://Keys.Example.com:443")], true),
            (&[(ORIGIN, "https://keys.example.com:8443")], false),
            (&[(ORIGIN, "https://evil.example")], false),
            (&[(ORIGIN, "null")], false),
            (&[(ORIGIN, "https://keys.example.com.evil.example")], false),
            (&[(ORIGIN, OWN), (ORIGIN, OWN)], false),
        ] {
            assert_eq!(from_own_page(&headers(given), &own), passes, "{given:?}");
        }
    }

    #[test]
    fn which_origin_is_named() {
        let key = format!(
            "https://{}",
            crate::domain::token::generate("bye_", |bytes| bytes.fill(7)).expose()
        );
        let long = format!("https://{}.example", "a".repeat(LONGEST));
        for (given, named) in [
            (&[][..], None),
            (
                &[("sec-fetch-site", "cross-site"), ("origin", "https://a.example")],
                None,
            ),
            (&[("origin", "null")], Some(NO_ORIGIN)),
            (
                &[("origin", "https://A.example:8443")],
                Some("https://a.example:8443"),
            ),
            (&[("origin", "a.example")], Some(UNREADABLE)),
            (&[("origin", &key)], Some(UNREADABLE)),
            (&[("origin", &long)], Some(UNREADABLE)),
        ] {
            let came = named_origin(&headers(given));
            assert_eq!(came.as_deref(), named, "{given:?}");
            let sentence = sentence(named, "https://keys.example.com");
            assert!(sentence.contains("This server expects to be at https://keys.example.com"));
        }
    }

    #[test]
    fn links_of_other_sites() {
        for (site, is_another) in [
            ("cross-site", true),
            ("same-site", true),
            ("", true),
            ("same-origin", false),
            ("none", false),
        ] {
            let headers = headers(&[("sec-fetch-site", site)]);
            assert_eq!(from_another_site(&headers), is_another, "{site}");
        }
        assert!(!from_another_site(&HeaderMap::new()));
    }
}
