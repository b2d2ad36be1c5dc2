//! The check of request line and headers that every request passes first: their size and number, and `Host`. The router
//! refuses a request that fails it in the format of its caller.

use crate::domain::head_limits::HeadLimits;
use axum::{
    extract::Request,
    http::{HeaderValue, Version, header, uri::Authority},
};

/// What is wrong with a request line and headers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeadFault {
    /// They are larger than this number of bytes.
    TooLarge(usize),
    /// There are more headers than this.
    TooMany(usize),
    /// HTTP/1.1 requires a `Host` header (RFC 9112, section 3.2).
    NoHost,
    /// More than one `Host` header: two servers may use different ones.
    SeveralHosts,
    /// `Host` is not a host with an optional port.
    WrongHost,
}

impl HeadFault {
    /// What is wrong, and what would pass.
    #[must_use]
    pub fn sentence(self) -> String {
        match self {
            Self::TooLarge(bytes) => format!(
                "The request line and headers are larger than {} KiB. Send a shorter address, and fewer or shorter headers and \
                 cookies.",
                bytes / 1024
            ),
            Self::TooMany(headers) => {
                format!("The request has more than {headers} headers. Send fewer.")
            }
            Self::NoHost => "The request has no Host header. Send one with the name of this server.".to_owned(),
            Self::SeveralHosts => "The request has more than one Host header. Send one.".to_owned(),
            Self::WrongHost => {
                "The Host header is not a name or an address with an optional port. Send one such as localhost:3000."
                    .to_owned()
            }
        }
    }

    /// The exceeded limit.
    #[must_use]
    pub const fn limit(self) -> Option<usize> {
        match self {
            Self::TooLarge(limit) | Self::TooMany(limit) => Some(limit),
            Self::NoHost | Self::SeveralHosts | Self::WrongHost => None,
        }
    }
}

/// Checks request line and headers.
///
/// # Errors
/// The first fault.
pub fn check(request: &Request, limits: HeadLimits) -> Result<(), HeadFault> {
    if request.headers().len() > limits.headers {
        return Err(HeadFault::TooMany(limits.headers));
    }
    if size(request) > limits.bytes {
        return Err(HeadFault::TooLarge(limits.bytes));
    }
    let mut hosts = request.headers().get_all(header::HOST).iter();
    match (hosts.next(), hosts.next()) {
        (Some(_), Some(_)) => Err(HeadFault::SeveralHosts),
        (Some(host), None) if !is_host(host) => Err(HeadFault::WrongHost),
        (None, _) if request.version() >= Version::HTTP_11 => Err(HeadFault::NoHost),
        _ => Ok(()),
    }
}

/// Size in bytes, as sent with the usual white space.
fn size(request: &Request) -> usize {
    let uri = request.uri();
    let authority = uri.authority().map_or(0, |authority| authority.as_str().len());
    let target = uri.path_and_query().map_or(0, |target| target.as_str().len());
    let line = request.method().as_str().len() + authority + target + "  HTTP/1.1\r\n".len();
    let headers = request.headers().iter();
    let headers: usize = headers
        .map(|(name, value)| name.as_str().len() + value.len() + ": \r\n".len())
        .sum();
    line + headers + "\r\n".len()
}

/// Whether a value of `Host` is a host with an optional port.
fn is_host(value: &HeaderValue) -> bool {
    let Some(authority) = value
        .to_str()
        .ok()
        .and_then(|value| value.parse::<Authority>().ok())
    else {
        return false;
    };
    // `Authority` also accepts a user and any text as the port.
    let host = authority.host();
    let port = authority.as_str().strip_prefix(host);
    let is_port = |rest: &str| {
        rest.is_empty()
            || rest
                .strip_prefix(':')
                .is_some_and(|port| port.bytes().all(|digit| digit.is_ascii_digit()))
    };
    !host.is_empty() && port.is_some_and(is_port)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::head_limits::{LIBRARY, STRANGER_BYTES, SUBREQUEST, USUAL};
    use axum::body::Body;

    fn request(version: Version, hosts: &[&str]) -> Request {
        let mut request = Request::new(Body::empty());
        *request.version_mut() = version;
        for host in hosts {
            let host = host.parse().expect("a header value");
            request.headers_mut().append(header::HOST, host);
        }
        request
    }

    #[test]
    fn an_http_1_1_request_names_one_host() {
        for (host, fault) in [
            ("localhost", None),
            ("keys.example.com:8443", None),
            ("127.0.0.1:3000", None),
            ("[::1]:3000", None),
            ("keys.example.com:", None),
            ("under_score.example", None),
            ("", Some(HeadFault::WrongHost)),
            ("a b", Some(HeadFault::WrongHost)),
            ("a b/c", Some(HeadFault::WrongHost)),
            ("a/c", Some(HeadFault::WrongHost)),
            ("a?b", Some(HeadFault::WrongHost)),
            ("a,b", None),
            ("user@host", Some(HeadFault::WrongHost)),
            (":80", Some(HeadFault::WrongHost)),
            ("a:b", Some(HeadFault::WrongHost)),
            ("a:1:2", Some(HeadFault::WrongHost)),
        ] {
            for version in [Version::HTTP_10, Version::HTTP_11] {
                let checked = check(&request(version, &[host]), USUAL);
                assert_eq!(checked.err(), fault, "{host:?} {version:?}");
                let twice = check(&request(version, &[host, host]), USUAL);
                assert_eq!(twice, Err(HeadFault::SeveralHosts), "{host:?}");
            }
        }
        assert_eq!(
            check(&request(Version::HTTP_11, &[]), USUAL),
            Err(HeadFault::NoHost)
        );
        assert_eq!(check(&request(Version::HTTP_10, &[]), USUAL), Ok(()));
    }

    #[test]
    fn size_and_number_have_their_limits() {
        for limits in [USUAL, SUBREQUEST] {
            let mut filled = request(Version::HTTP_11, &["localhost"]);
            let room = limits.bytes - size(&filled) - "x-filled: \r\n".len();
            let value = |length: usize| HeaderValue::try_from("x".repeat(length)).expect("a header value");
            filled.headers_mut().insert("x-filled", value(room));
            assert_eq!((size(&filled), check(&filled, limits)), (limits.bytes, Ok(())));
            filled.headers_mut().insert("x-filled", value(room + 1));
            assert_eq!(check(&filled, limits), Err(HeadFault::TooLarge(limits.bytes)));

            let mut many = request(Version::HTTP_11, &["localhost"]);
            for _ in 1..limits.headers {
                many.headers_mut().append("x", value(1));
            }
            assert_eq!(check(&many, limits), Ok(()));
            many.headers_mut().append("x", value(1));
            assert_eq!(check(&many, limits), Err(HeadFault::TooMany(limits.headers)));
        }
    }

    #[test]
    fn the_library_reads_more_than_is_accepted() {
        const {
            assert!(LIBRARY.headers > SUBREQUEST.headers && LIBRARY.bytes >= SUBREQUEST.bytes);
            assert!(STRANGER_BYTES > USUAL.bytes && STRANGER_BYTES < LIBRARY.bytes);
        }
    }
}
