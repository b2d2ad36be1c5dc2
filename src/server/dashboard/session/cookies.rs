//! Cookies of the dashboard: their names, reading them, and writing them with common attributes (docs/security.md, S9).
//!
//! A browser keeps cookies by host, not by port. Over plain http the host is this machine, where other programs and other
//! copies of this one have their ports, so the names contain the product and the port.

use crate::server::config::Origin;
use axum::http::{HeaderMap, HeaderValue, header};
use time::Duration;
use tower_sessions::cookie::{Cookie, SameSite};

/// A cookie of the dashboard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Name {
    /// The session.
    Session,
    /// The known browser.
    Known,
    /// The status line of the next page.
    Done,
    /// The theme.
    Theme,
    /// Why a person was signed out.
    SignedOut,
}

impl Name {
    /// All cookies.
    pub const ALL: [Self; 5] = [
        Self::Session,
        Self::Known,
        Self::Done,
        Self::Theme,
        Self::SignedOut,
    ];

    const fn id(self) -> &'static str {
        match self {
            Self::Session => "session",
            Self::Known => "known",
            Self::Done => "done",
            Self::Theme => "theme",
            Self::SignedOut => "signed-out",
        }
    }

    /// The name in the browser. Browsers only accept the prefix `__Host-` with TLS and for exactly this host.
    #[must_use]
    pub fn at(self, origin: &Origin) -> String {
        let port = origin.port();
        match self {
            name if origin.is_https() => format!("__Host-{}", name.id()),
            Self::Session => format!("babysea-{port}"),
            name => format!("babysea-{port}-{}", name.id()),
        }
    }
}

/// Values of all cookies with this name: a browser can send several, set for different paths or by others.
pub fn values(origin: &Origin, headers: &HeaderMap, name: Name) -> impl Iterator<Item = String> {
    let name = name.at(origin);
    let lines = headers.get_all(header::COOKIE).iter();
    // Each by itself: browsers send all cookies in one line, and those of other programs may not be text.
    lines
        .flat_map(|line| line.as_bytes().split(|&b| b == b';'))
        .filter_map(|pair| Cookie::parse(str::from_utf8(pair).ok()?).ok())
        .filter(move |cookie| cookie.name() == name)
        .map(|cookie| cookie.value().to_owned())
}

/// Whether a line of cookies is not visible ASCII. Libraries leave out such a line, or read it in another way.
pub fn is_odd(headers: &HeaderMap) -> bool {
    headers
        .get_all(header::COOKIE)
        .iter()
        .any(|line| line.to_str().is_err())
}

/// Replaces all cookies with this name in a request by `kept`. Other cookies stay as they are.
pub fn replace(origin: &Origin, headers: &mut HeaderMap, name: Name, kept: Option<&str>) {
    let name = name.at(origin);
    let is_other = |pair: &&[u8]| {
        let named = pair.split(|&b| b == b'=').next().unwrap_or_default();
        named.trim_ascii() != name.as_bytes()
    };
    let lines = headers.get_all(header::COOKIE).iter().map(|line| {
        let pairs = line.as_bytes().split(|&b| b == b';').filter(is_other);
        pairs.collect::<Vec<_>>().join(&b';')
    });
    let kept = kept.map(|value| format!("{name}={value}").into_bytes());
    let lines: Vec<_> = lines
        .chain(kept)
        .filter(|line| !line.trim_ascii().is_empty())
        .filter_map(|line| HeaderValue::try_from(line).ok())
        .collect();
    headers.remove(header::COOKIE);
    for line in lines {
        headers.append(header::COOKIE, line);
    }
}

/// `Set-Cookie` for the whole site with `HttpOnly`, and `Secure` over https. `None` for a value that a header
/// cannot contain.
#[must_use]
pub fn keep(origin: &Origin, name: Name, value: &str, kept: Duration) -> Option<HeaderValue> {
    let cookie = Cookie::build((name.at(origin), value))
        .max_age(kept)
        .path("/")
        .secure(origin.is_https())
        .http_only(true)
        .same_site(SameSite::Lax)
        .build();
    HeaderValue::try_from(cookie.to_string()).ok()
}

/// `Set-Cookie` that removes the cookie.
#[must_use]
pub fn remove(origin: &Origin, name: Name) -> Option<HeaderValue> {
    keep(origin, name, "", Duration::ZERO)
}

/// Whether a `Set-Cookie` removes the cookie with this name.
#[must_use]
pub fn is_removal(origin: &Origin, set_cookie: &HeaderValue, name: Name) -> bool {
    let cookie = set_cookie.to_str().ok().map(Cookie::parse);
    matches!(cookie, Some(Ok(cookie)) if cookie.name() == name.at(origin) && cookie.value().is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::config::Config;
    use std::collections::BTreeSet;

    fn origin(url: &str) -> Origin {
        let config = Config::from_arguments(["babysea", "--public-url", url]).expect("a URL");
        config.origin(config.listen).expect("an origin")
    }

    fn http() -> Origin {
        origin("http://127.0.0.1:3000")
    }

    fn sent(lines: &[&'static str]) -> HeaderMap {
        let lines = lines
            .iter()
            .map(|line| (header::COOKIE, HeaderValue::from_static(line)));
        let mut headers = HeaderMap::new();
        for (name, line) in lines {
            headers.append(name, line);
        }
        headers
    }

    fn found(lines: &[&'static str]) -> Option<String> {
        values(&http(), &sent(lines), Name::Theme).next()
    }

    #[test]
    fn each_cookie_has_a_name_of_its_own_at_each_port() {
        assert_eq!(Name::Session.at(&http()), "babysea-3000");
        assert_eq!(Name::Theme.at(&http()), "babysea-3000-theme");
        assert_eq!(Name::Session.at(&origin("http://localhost")), "babysea-80");
        let https = origin("https://keys.example.com:8443");
        assert_eq!(Name::Session.at(&https), "__Host-session");
        for origin in [http(), https] {
            let names: BTreeSet<_> = Name::ALL.iter().map(|name| name.at(&origin)).collect();
            assert_eq!(names.len(), Name::ALL.len());
        }
    }

    #[test]
    fn a_cookie_is_found_among_others() {
        for lines in [
            &["babysea-3000-theme=dark"][..],
            &["session=abc; babysea-3000-theme=dark"],
            &["session=abc;babysea-3000-theme=dark ;x=y"],
            &["broken; babysea-3000-theme=dark"],
            &["babysea-3000-theme=dark; babysea-3000-theme=light"],
            &["a=b", "babysea-3000-theme=dark"],
        ] {
            assert_eq!(found(lines).as_deref(), Some("dark"), "{lines:?}");
        }
        for lines in [
            &[][..],
            &[""],
            &["babysea-3000-theme"],
            &["theme=dark"],
            &["babysea-3001-theme=dark"],
            &["Babysea-3000-theme=dark"],
            &["=dark"],
        ] {
            assert_eq!(found(lines), None, "{lines:?}");
        }
        assert_eq!(
            found(&["babysea-3000-theme=\"dark\""]).as_deref(),
            Some("\"dark\"")
        );
    }

    #[test]
    fn a_line_that_is_no_text_hides_no_other() {
        let mut headers = HeaderMap::new();
        let bytes = HeaderValue::from_bytes(b"babysea-3000-theme=\xff").expect("a header's value");
        headers.append(header::COOKIE, bytes);
        headers.append(
            header::COOKIE,
            HeaderValue::from_static("babysea-3000-theme=dark"),
        );
        assert_eq!(
            values(&http(), &headers, Name::Theme).collect::<Vec<_>>(),
            ["dark"]
        );
        for line in [
            &b"n=\xe9; babysea-3000-theme=dark"[..],
            b"babysea-3000-theme=dark; n=\xc3\xa9",
        ] {
            let line = HeaderValue::from_bytes(line).expect("a header's value");
            let headers = HeaderMap::from_iter([(header::COOKIE, line)]);
            assert!(is_odd(&headers));
            let found: Vec<_> = values(&http(), &headers, Name::Theme).collect();
            assert_eq!(found, ["dark"]);
        }
    }

    #[test]
    fn only_cookies_with_the_name_are_replaced() {
        for (lines, kept, left) in [
            (&["babysea-3000=a"][..], None, &[][..]),
            (&["babysea-3000=a"], Some("b"), &["babysea-3000=b"]),
            (
                &[
                    "session=x; babysea-3000=a; babysea-3000-theme=dark",
                    "babysea-3000=b",
                ],
                Some("b"),
                &["session=x; babysea-3000-theme=dark", "babysea-3000=b"],
            ),
            (&[" babysea-3000 =a;b=c", "odd"], None, &["b=c", "odd"]),
        ] {
            let mut headers = sent(lines);
            replace(&http(), &mut headers, Name::Session, kept);
            let all: Vec<_> = headers
                .get_all(header::COOKIE)
                .iter()
                .map(|line| line.to_str().expect("text").to_owned())
                .collect();
            assert_eq!(all, left, "{lines:?}");
        }
    }

    #[test]
    fn what_is_kept_is_strict_and_what_is_removed_is_seen_as_that() {
        let https = origin("https://keys.example.com");
        let text = |origin: &Origin, value: &str| {
            let line = keep(origin, Name::Theme, value, Duration::days(1)).expect("a header's value");
            line.to_str().expect("text").to_owned()
        };
        assert_eq!(
            text(&http(), "dark"),
            "babysea-3000-theme=dark; HttpOnly; SameSite=Lax; Path=/; Max-Age=86400"
        );
        assert_eq!(
            text(&https, "dark"),
            "__Host-theme=dark; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=86400"
        );
        assert_eq!(keep(&https, Name::Theme, "a\nb", Duration::days(1)), None);
        let removal = remove(&https, Name::Theme).expect("a header's value");
        assert!(
            removal
                .to_str()
                .expect("text")
                .ends_with("; Secure; Path=/; Max-Age=0"),
            "{removal:?}"
        );
        assert!(is_removal(&https, &removal, Name::Theme));
        assert!(!is_removal(&https, &removal, Name::Session) && !is_removal(&http(), &removal, Name::Theme));
        for other in ["__Host-theme=dark; Max-Age=0", "__Host-theme"] {
            let other = HeaderValue::from_static(other);
            assert!(!is_removal(&https, &other, Name::Theme));
        }
    }
}
