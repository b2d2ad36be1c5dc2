//! The original request of a subrequest. Its path is read by [`crate::domain::request_path`], as on `/v1`.

use crate::{domain::request_path::PathFault, server::machine::error::unclear::Unclear};
use axum::http::{HeaderMap, HeaderName, request::Parts};

/// The headers that name the original request: its method, and its path with the query.
pub type Names = [HeaderName; 2];

/// The headers of Caddy and Traefik.
pub static FORWARDED: Names = [
    HeaderName::from_static("x-forwarded-method"),
    HeaderName::from_static("x-forwarded-uri"),
];

/// The headers of the shipped nginx configuration.
pub static NGINX: Names = [
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
    fn new(method: &[u8], target: &[u8]) -> Result<Self, Unclear> {
        let mut parts = target.splitn(2, |byte| *byte == b'?');
        let path = parts.next().unwrap_or_default();
        // The check does not use the query.
        let query = parts.next().unwrap_or_default();
        let path = std::str::from_utf8(path).map_err(|_| Unclear::Path(PathFault::NotText))?;
        Ok(Self {
            method: read_method(method)?,
            path: path.to_owned(),
            query: String::from_utf8_lossy(query).into_owned(),
        })
    }
}

/// The method, which must be in capital letters like those of the catalogue.
fn read_method(method: &[u8]) -> Result<String, Unclear> {
    let wrong = method.iter().find(|byte| !byte.is_ascii_uppercase());
    if wrong.is_some() || method.is_empty() {
        return Err(Unclear::Method(wrong.copied().map(char::from)));
    }
    Ok(String::from_utf8_lossy(method).into_owned())
}

/// The request that the headers name.
///
/// # Errors
/// If they are missing or repeated, or if the headers `others` name a different request.
pub fn of_headers(
    headers: &HeaderMap,
    names: &'static Names,
    others: &'static Names,
) -> Result<Original, Unclear> {
    let only = |name: &'static HeaderName| {
        let mut values = headers.get_all(name).iter();
        match (values.next(), values.next()) {
            (Some(value), None) => Ok(value.as_bytes()),
            (None, _) => Err(Unclear::Missing(name.as_str())),
            (Some(_), Some(_)) => Err(Unclear::Repeated(name.as_str())),
        }
    };
    let (method, target) = (only(&names[0])?, only(&names[1])?);
    // The client may have sent the headers of another kind of proxy.
    agree(headers, others, method, target)?;
    Original::new(method, target)
}

/// The original request of Envoy's subrequest.
///
/// # Errors
/// If headers name a different one.
pub fn of_envoy(parts: &Parts) -> Result<Original, Unclear> {
    let target = parts
        .uri
        .path_and_query()
        .and_then(|target| target.as_str().strip_prefix(PREFIX));
    let target = target.ok_or(Unclear::Path(PathFault::NoSlash))?.as_bytes();
    let method = parts.method.as_str().as_bytes();
    for names in [&FORWARDED, &NGINX] {
        agree(&parts.headers, names, method, target)?;
    }
    Original::new(method, target)
}

/// Fails if one of the headers names another method or target.
fn agree(headers: &HeaderMap, names: &'static Names, method: &[u8], target: &[u8]) -> Result<(), Unclear> {
    for (name, meant) in names.iter().zip([method, target]) {
        if headers.get_all(name).iter().any(|value| value != meant) {
            return Err(Unclear::Contradicts(name.as_str()));
        }
    }
    Ok(())
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
    fn the_query_is_not_part_of_the_path() {
        for (target, query) in [
            (&b"/v1/usage?days=7&next=/../x?"[..], "days=7&next=/../x?"),
            (b"/v1/usage?q=\xff", "q=\u{fffd}"),
            (b"/v1/usage", ""),
        ] {
            let original = Original::new(b"GET", target).expect("a request");
            assert_eq!((&*original.path, &*original.query), ("/v1/usage", query));
        }
        let wrong = Original::new(b"GET", b"/v1/\xff").expect_err("bytes");
        assert!(matches!(wrong, Unclear::Path(PathFault::NotText)));
    }

    #[test]
    fn one_clear_pair_of_headers_names_the_request() {
        let good = [("x-forwarded-method", "GET"), ("x-forwarded-uri", "/v1/status")];
        let found = |given: &[_]| of_headers(&headers(given), &FORWARDED, &NGINX);
        assert!(found(&good).is_ok());
        assert!(found(&[good[0], good[1], ("x-original-uri", "/v1/status")]).is_ok());
        let refused = |given: &[_]| {
            let unclear = found(given).expect_err("a refusal");
            (unclear.part(), unclear.found().map(std::borrow::Cow::into_owned))
        };
        let header = |name: &str| ("header", Some(name.to_owned()));
        let method = |found: Option<&str>| ("method", found.map(str::to_owned));
        assert_eq!(refused(&good[..1]), header("x-forwarded-uri"));
        assert_eq!(refused(&good[1..]), header("x-forwarded-method"));
        assert_eq!(refused(&[good[0], good[1], good[1]]), header("x-forwarded-uri"));
        for (name, value) in [("x-original-uri", "/v1/other"), ("x-original-method", "POST")] {
            assert_eq!(refused(&[good[0], good[1], (name, value)]), header(name));
        }
        for (value, character) in [("get", Some("g")), ("", None), ("M-SEARCH", Some("-"))] {
            assert_eq!(
                refused(&[("x-forwarded-method", value), good[1]]),
                method(character)
            );
        }
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
        for name in ["x-forwarded-uri", "x-original-uri", "x-original-method"] {
            let other = found("GET", "/forward-auth/v1/status", &[(name, "/v1/usage")]);
            assert!(
                matches!(other, Err(Unclear::Contradicts(named)) if named == name),
                "{name}"
            );
        }
    }
}
