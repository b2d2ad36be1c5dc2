//! Cookies of the dashboard: reading them, and writing them with common attributes (docs/security.md, S9).

use axum::http::{HeaderMap, HeaderValue, header};
use time::Duration;
use tower_sessions::cookie::{Cookie, SameSite};

/// Values of all cookies with this name: a browser can send several, set for different paths.
pub fn values<'a>(headers: &'a HeaderMap, name: &'a str) -> impl Iterator<Item = String> {
    let lines = headers.get_all(header::COOKIE).iter();
    lines
        .filter_map(|line| line.to_str().ok())
        .flat_map(Cookie::split_parse)
        .filter_map(Result::ok)
        .filter(move |cookie| cookie.name() == name)
        .map(|cookie| cookie.value().to_owned())
}

/// `Set-Cookie` for the whole site with `HttpOnly`, and `Secure` over https. `None` for a value that a header
/// cannot contain.
#[must_use]
pub fn keep(https: bool, name: &str, value: &str, kept: Duration) -> Option<HeaderValue> {
    let cookie = Cookie::build((name, value))
        .max_age(kept)
        .path("/")
        .secure(https)
        .http_only(true)
        .same_site(SameSite::Lax)
        .build();
    HeaderValue::try_from(cookie.to_string()).ok()
}

/// `Set-Cookie` that removes the cookie.
#[must_use]
pub fn remove(https: bool, name: &str) -> Option<HeaderValue> {
    keep(https, name, "", Duration::ZERO)
}

/// Whether a `Set-Cookie` removes the cookie with this name.
#[must_use]
pub fn is_removal(set_cookie: &HeaderValue, name: &str) -> bool {
    let cookie = set_cookie.to_str().ok().map(Cookie::parse);
    matches!(cookie, Some(Ok(cookie)) if cookie.name() == name && cookie.value().is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(lines: &[&'static str]) -> Option<String> {
        let lines = lines
            .iter()
            .map(|line| (header::COOKIE, HeaderValue::from_static(line)));
        values(&lines.collect::<HeaderMap>(), "theme").next()
    }

    #[test]
    fn a_cookie_is_found_among_others() {
        for lines in [
            &["theme=dark"][..],
            &["session=abc; theme=dark"],
            &["session=abc;theme=dark ;x=y"],
            &["broken; theme=dark"],
            &["theme=dark; theme=light"],
        ] {
            assert_eq!(found(lines).as_deref(), Some("dark"), "{lines:?}");
        }
        for lines in [
            &[][..],
            &[""],
            &["theme"],
            &["mytheme=dark"],
            &["Theme=dark"],
            &["=dark"],
        ] {
            assert_eq!(found(lines), None, "{lines:?}");
        }
        assert_eq!(found(&["theme=\"dark\""]).as_deref(), Some("\"dark\""));
    }

    #[test]
    fn a_line_that_is_no_text_hides_no_other() {
        let mut headers = HeaderMap::new();
        let bytes = HeaderValue::from_bytes(b"theme=\xff").expect("a header's value");
        headers.append(header::COOKIE, bytes);
        headers.append(header::COOKIE, HeaderValue::from_static("theme=dark"));
        assert_eq!(values(&headers, "theme").collect::<Vec<_>>(), ["dark"]);
    }

    #[test]
    fn what_is_kept_is_strict_and_what_is_removed_is_seen_as_that() {
        let text = |https, value| {
            let line = keep(https, "theme", value, Duration::days(1)).expect("a header's value");
            line.to_str().expect("text").to_owned()
        };
        assert_eq!(
            text(false, "dark"),
            "theme=dark; HttpOnly; SameSite=Lax; Path=/; Max-Age=86400"
        );
        assert_eq!(
            text(true, "dark"),
            "theme=dark; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=86400"
        );
        assert_eq!(keep(true, "theme", "a\nb", Duration::days(1)), None);
        let removal = remove(true, "theme").expect("a header's value");
        assert!(
            removal
                .to_str()
                .expect("text")
                .ends_with("; Secure; Path=/; Max-Age=0"),
            "{removal:?}"
        );
        assert!(is_removal(&removal, "theme") && !is_removal(&removal, "session"));
        assert!(!is_removal(
            &HeaderValue::from_static("theme=dark; Max-Age=0"),
            "theme"
        ));
        assert!(!is_removal(&HeaderValue::from_static("theme"), "theme"));
    }
}
