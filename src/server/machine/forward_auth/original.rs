//! The original request of a subrequest. Ambiguous requests are refused: the path must be in the normal form of RFC
//! 3986, section 6.2.2.

use axum::http::{HeaderMap, HeaderName, request::Parts};

/// The headers that name the original request: its method, and its path with the query.
pub type Names = [HeaderName; 2];

/// The headers of Caddy and Traefik.
pub const FORWARDED: Names = [
    HeaderName::from_static("x-forwarded-method"),
    HeaderName::from_static("x-forwarded-uri"),
];

/// The headers of the shipped nginx configuration.
pub const NGINX: Names = [
    HeaderName::from_static("x-original-method"),
    HeaderName::from_static("x-original-uri"),
];

/// Prefix of Envoy's paths.
const PREFIX: &str = "/forward-auth";

/// The original request, which the proxy holds back.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Original {
    /// HTTP method.
    pub method: String,
    /// Path, as the client sent it.
    pub path: String,
    /// Query, without the question mark.
    pub query: String,
}

impl Original {
    fn new(method: &str, target: &str) -> Option<Self> {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let is_method = !method.is_empty() && method.bytes().all(|byte| byte.is_ascii_uppercase());
        (is_method && is_normal(path)).then(|| Self {
            method: method.to_owned(),
            path: path.to_owned(),
            query: query.to_owned(),
        })
    }
}

/// The request that the headers name. `None` if they are missing, repeated or ambiguous, or if the headers
/// `others` name a different request.
pub fn of_headers(headers: &HeaderMap, names: Names, others: Names) -> Option<Original> {
    let only = |name: &HeaderName| {
        let mut values = headers.get_all(name).iter();
        match (values.next(), values.next()) {
            (Some(value), None) => value.to_str().ok(),
            _ => None,
        }
    };
    let [method, target] = names.each_ref().map(only);
    let (method, target) = (method?, target?);
    // The client may have sent the headers of another kind of proxy.
    let agrees = |name: &HeaderName, meant: &str| headers.get_all(name).iter().all(|value| value == meant);
    let clear = agrees(&others[0], method) && agrees(&others[1], target);
    clear.then(|| Original::new(method, target)).flatten()
}

/// The original request of Envoy's subrequest; `None` if headers name a different one.
pub fn of_envoy(parts: &Parts) -> Option<Original> {
    let target = parts.uri.path_and_query()?.as_str().strip_prefix(PREFIX)?;
    let method = parts.method.as_str();
    let agrees = |[named_method, named_target]: &Names| {
        let all = |name, meant: &str| parts.headers.get_all(name).iter().all(|value| value == meant);
        all(named_method, method) && all(named_target, target)
    };
    (agrees(&FORWARDED) && agrees(&NGINX))
        .then(|| Original::new(method, target))
        .flatten()
}

/// Whether every parser finds the same segments in the path.
fn is_normal(path: &str) -> bool {
    let Some(rest) = path.strip_prefix('/') else {
        return false;
    };
    let plain = |byte: u8| byte.is_ascii_graphic() && !b"\\\"<>^`{|}#;".contains(&byte);
    let segment = |segment: &str| !matches!(segment, "." | "..") && escapes_are_needed(segment);
    path.bytes().all(plain) && (rest.is_empty() || !path.contains("//")) && rest.split('/').all(segment)
}

/// Whether every percent-escape is complete and needed: it must not encode an unreserved character, a slash,
/// a backslash, a semicolon, a percent sign or a control character.
fn escapes_are_needed(segment: &str) -> bool {
    let mut parts = segment.split('%');
    parts.next();
    parts.all(|after| {
        let byte = after
            .get(..2)
            .filter(|hex| hex.bytes().all(|digit| digit.is_ascii_hexdigit()));
        let byte = byte.and_then(|hex| u8::from_str_radix(hex, 16).ok());
        byte.is_some_and(|byte| {
            let unreserved = byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
            !unreserved && !byte.is_ascii_control() && !b"/\\;%".contains(&byte)
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::{HeaderValue, Request};

    fn headers(given: &[(&'static str, &'static str)]) -> HeaderMap {
        let pairs = given
            .iter()
            .map(|&(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(name, value);
        }
        headers
    }

    #[test]
    fn paths_that_two_readers_may_take_differently_are_refused() {
        for path in [
            "/",
            "/v1/status",
            "/v1/content/a%20b",
            "/v1/content/%C3%BC",
            "/a/",
            "/a.b/..c",
            "/a:b@c,d=e!",
        ] {
            assert!(is_normal(path), "{path}");
        }
        for path in [
            "",
            "v1",
            "*",
            "http://x/v1",
            "/v1/../v1/status",
            "/v1/./status",
            "/..",
            "/.",
            "/v1//status",
            "//v1",
            "/v1/status//",
            "/v1/%2e%2e/status",
            "/v1/%2E/status",
            "/v1%2fstatus",
            "/v1%2Fstatus",
            "/v1%5cstatus",
            "/v1\\status",
            "/v1/%73tatus",
            "/v1/status%00",
            "/v1/status%0a",
            "/v1/%",
            "/v1/%4",
            "/v1/%zz",
            "/v1/%+1",
            "/v1/st atus",
            "/v1/status#x",
            "/v1/status;x=1",
            "/v1/%3bx",
            "/v1/%252e",
            "/v1/é",
            "/v1/status\u{7f}",
        ] {
            assert!(!is_normal(path), "{path:?}");
        }
    }

    #[test]
    fn the_query_is_not_part_of_the_path() {
        let original = Original::new("GET", "/v1/usage?days=7&next=/../x").expect("a request");
        assert_eq!(
            (&*original.path, &*original.query),
            ("/v1/usage", "days=7&next=/../x")
        );
    }

    #[test]
    fn one_clear_pair_of_headers_names_the_request() {
        let good = [("x-forwarded-method", "GET"), ("x-forwarded-uri", "/v1/status")];
        let found = |given: &[_]| of_headers(&headers(given), FORWARDED, NGINX).is_some();
        assert!(found(&good));
        assert!(found(&[good[0], good[1], ("x-original-uri", "/v1/status")]));
        assert!(!found(&good[..1]));
        assert!(!found(&good[1..]));
        assert!(!found(&[good[0], good[1], good[1]]), "named twice");
        assert!(!found(&[good[0], good[1], ("x-original-uri", "/v1/other")]));
        assert!(!found(&[good[0], good[1], ("x-original-method", "POST")]));
        assert!(!found(&[("x-forwarded-method", "get"), good[1]]));
        assert!(!found(&[("x-forwarded-method", ""), good[1]]));
    }

    #[test]
    fn envoy_names_the_request_by_its_own() {
        let found = |method, uri, given: &[_]| {
            let mut parts = Request::builder()
                .method(method)
                .uri(uri)
                .body(())
                .expect("a request")
                .into_parts()
                .0;
            parts.headers = headers(given);
            of_envoy(&parts)
        };
        let original = found("POST", "/forward-auth/v1/status?a=b", &[]).expect("a request");
        assert_eq!(
            (&*original.method, &*original.path, &*original.query),
            ("POST", "/v1/status", "a=b")
        );
        assert_eq!(found("GET", "/forward-auth/v1//status", &[]), None);
        assert_eq!(
            found(
                "GET",
                "/forward-auth/v1/status",
                &[("x-forwarded-uri", "/v1/usage")]
            ),
            None
        );
    }
}
