//! The media type of a request's body, parsed here for every endpoint.

use axum::http::{HeaderMap, header::CONTENT_TYPE};
use mime::Mime;

/// The media type without its parameters, which are not needed. They are cut off before parsing: white space
/// may come before a parameter (RFC 9110, section 5.6.6), and `mime` does not accept it.
fn of(headers: &HeaderMap) -> Option<Mime> {
    let named = headers.get(CONTENT_TYPE)?.to_str().ok()?;
    named.split(';').next()?.trim().parse().ok()
}

/// Whether the body is a form, in the encoding in which browsers send them.
#[must_use]
pub fn is_form(headers: &HeaderMap) -> bool {
    of(headers).is_some_and(|named| named == mime::APPLICATION_WWW_FORM_URLENCODED)
}

/// Whether the body is JSON: `application/json`, or a type with the suffix, such as `application/problem+json`.
#[must_use]
pub fn is_json(headers: &HeaderMap) -> bool {
    of(headers).is_some_and(|named| {
        named == mime::APPLICATION_JSON
            || (named.type_() == mime::APPLICATION && named.suffix() == Some(mime::JSON))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    fn headers(named: &str) -> HeaderMap {
        let value = HeaderValue::from_bytes(named.as_bytes()).expect("a header's value");
        HeaderMap::from_iter([(CONTENT_TYPE, value)])
    }

    #[test]
    fn forms() {
        for form in [
            "application/x-www-form-urlencoded",
            "Application/X-WWW-Form-URLencoded",
            "application/x-www-form-urlencoded;charset=UTF-8",
            "application/x-www-form-urlencoded ; charset=utf-8",
            "application/x-www-form-urlencoded;",
        ] {
            assert!(is_form(&headers(form)) && !is_json(&headers(form)), "{form}");
        }
        for other in [
            "",
            "application/x-www-form-urlencodedx",
            "application/x-www-form-urlencoded, text/plain",
            "application/x-www-form-urlencoded text/plain",
            "x-www-form-urlencoded",
            "multipart/form-data; boundary=application/x-www-form-urlencoded",
            "text/plain",
            "\u{e9}",
        ] {
            assert!(!is_form(&headers(other)), "{other:?}");
        }
        assert!(!is_form(&HeaderMap::new()));
    }

    #[test]
    fn json() {
        for json in [
            "application/json",
            "APPLICATION/JSON",
            "application/json; charset=utf-8",
            "application/json ;charset=utf-8",
            "application/problem+json",
            "application/vnd.api+json; version=1",
        ] {
            assert!(is_json(&headers(json)) && !is_form(&headers(json)), "{json}");
        }
        for other in [
            "",
            "application/jsonx",
            "application/json+xml",
            "application/+json",
            "text/json",
            "text/x+json",
            "application/json, text/plain",
            "json",
        ] {
            assert!(!is_json(&headers(other)), "{other:?}");
        }
        assert!(!is_json(&HeaderMap::new()));
    }
}
