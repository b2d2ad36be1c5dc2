//! Headers that make a request ambiguous: checked as one request here, and read as another by the API behind the proxy.

use crate::server::machine::error::unclear::Unclear;
use axum::http::HeaderMap;

/// Headers that frameworks use instead of the request's own method or path. The first three are those of
/// Rails, Symfony, Express and ASP.NET; the others are those of IIS.
const OVERRIDES: [&str; 5] = [
    "x-http-method-override",
    "x-http-method",
    "x-method-override",
    "x-original-url",
    "x-rewrite-url",
];

/// Headers that a proxy, or this server through it, sets on a request.
const SPOKEN_FOR: [&str; 8] = [
    "authorization",
    "forwarded",
    "x-account-id",
    "x-api-key-id",
    "x-api-key-name",
    "x-api-key-scopes",
    "x-real-ip",
    "x-request-id",
];

/// Prefixes of more headers that a proxy sets.
const FAMILIES: [&str; 2] = ["x-forwarded-", "x-original-"];

/// The first header that gives the request another method or path, or can be mistaken for one that only the proxy
/// may set (docs/security.md, S47 and S48). Frameworks that turn headers into variables (RFC 3875, section 4.1.18) read
/// `X_Account_Id`, `X.Account.Id` and `X-Account-Id` as the same variable `HTTP_X_ACCOUNT_ID`. A proxy only replaces
/// the last of the three.
pub fn misleading(headers: &HeaderMap) -> Option<Unclear> {
    headers.keys().find_map(|name| misled_by(name.as_str()))
}

/// `name` is in lower case, as in every header map.
fn misled_by(name: &str) -> Option<Unclear> {
    // Fast path: most names are plain.
    if name.bytes().all(is_plain) {
        return OVERRIDES
            .contains(&name)
            .then(|| Unclear::Override(name.to_owned()));
    }
    let read: String = name
        .bytes()
        .map(|byte| if is_plain(byte) { char::from(byte) } else { '-' })
        .collect();
    if OVERRIDES.contains(&read.as_str()) {
        return Some(Unclear::Override(name.to_owned()));
    }
    let is_the_proxys =
        SPOKEN_FOR.contains(&read.as_str()) || FAMILIES.iter().any(|family| read.starts_with(family));
    is_the_proxys.then(|| Unclear::Disguise(name.to_owned(), read))
}

fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'-'
}

#[cfg(test)]
mod tests {
    use super::super::IDENTITY;
    use super::*;
    use axum::http::{HeaderName, HeaderValue};

    fn is_misleading(name: &str) -> bool {
        misled_by(name).is_some()
    }

    #[test]
    fn a_header_that_passes_for_another_is_misleading() {
        let identity = IDENTITY.map(|name| name.as_str().to_owned());
        let others = [
            "authorization",
            "forwarded",
            "x-request-id",
            "x-real-ip",
            "x-forwarded-for",
            "x-original-uri",
        ];
        for name in identity.into_iter().chain(others.map(str::to_owned)) {
            assert!(
                !is_misleading(&name),
                "{name}: the proxy's own, or replaced by it"
            );
            for sign in ["_", ".", "~", "!"] {
                let all = name.replace('-', sign);
                let first = name.replacen('-', sign, 1);
                for alias in [all, first].iter().filter(|alias| **alias != name) {
                    assert!(is_misleading(alias), "{alias}");
                }
            }
        }
        for name in ["x-forwarded_for", "x-original.method", "x_forwarded_anything"] {
            assert!(is_misleading(name), "{name}");
        }
    }

    #[test]
    fn a_header_that_gives_another_method_or_path_is_misleading() {
        for name in OVERRIDES {
            assert!(is_misleading(name), "{name}");
            assert!(is_misleading(&name.replace('-', "_")), "{name}");
        }
    }

    #[test]
    fn other_headers_are_not() {
        for name in [
            "accept",
            "content-type",
            "my_header",
            "x.custom",
            "x-account",
            "x_account",
            "x-account-id-2",
            "x-http-methods",
            "x_accountid",
            "traceparent",
        ] {
            assert!(!is_misleading(name), "{name}");
        }
    }

    #[test]
    fn one_among_many_is_found() {
        let mut headers = HeaderMap::new();
        for name in ["accept", "user-agent", "x-account-id"] {
            headers.insert(HeaderName::from_static(name), HeaderValue::from_static("x"));
        }
        assert!(misleading(&headers).is_none());
        headers.insert(
            HeaderName::from_static("x_account_id"),
            HeaderValue::from_static("x"),
        );
        let unclear = misleading(&headers).expect("a header");
        assert_eq!(unclear.found().as_deref(), Some("x_account_id"));
        assert!(unclear.sentence().contains("x-account-id"));
    }
}
