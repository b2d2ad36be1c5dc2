//! The public URL of this server.

use url::Url;

/// Scheme, host and port that browsers use for this server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// In the format of the header `Origin`: no path, no default port.
    text: String,
    https: bool,
    port: u16,
}

impl Origin {
    /// In the format of the header `Origin`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether its scheme is https.
    #[must_use]
    pub const fn is_https(&self) -> bool {
        self.https
    }

    /// The port, also if it is the default port of the scheme.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// Whether the value of a header `Origin` means this origin. The case of scheme and host does not count, nor does a
    /// default port.
    #[must_use]
    pub fn is(&self, header: &str) -> bool {
        canonical(header).is_some_and(|named| named == self.text)
    }
}

/// The value of a header `Origin` in lower case and without a default port. `None` if it is no origin with a host, such
/// as `null`.
#[must_use]
pub fn canonical(header: &str) -> Option<String> {
    let (scheme, host) = header.split_once("://")?;
    // `Url` accepts more than an origin, and ignores some of these characters.
    let is_plain = |b: u8| b.is_ascii_graphic() && !matches!(b, b'/' | b'\\' | b'?' | b'#' | b'@');
    if host.is_empty() || !host.bytes().all(is_plain) || !scheme.bytes().all(|b| b.is_ascii_alphabetic()) {
        return None;
    }
    let origin = Url::parse(header).ok()?.origin();
    origin.is_tuple().then(|| origin.ascii_serialization())
}

/// Parses an origin: https, or http on the loopback interface (docs/security.md, S9).
pub(super) fn parse_origin(text: &str) -> Result<Origin, String> {
    let url =
        Url::parse(text).map_err(|_| "must be an address such as https://keys.example.com".to_owned())?;
    let https = url.scheme() == "https";
    let loopback = match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
        Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
        None => {
            return Err(
                "must be an address such as https://keys.example.com: the host is missing".to_owned(),
            );
        }
    };
    let local = url.scheme() == "http" && loopback;
    if !https && !local {
        return Err(
            "must be https, or http on the loopback interface (127.0.0.1 or localhost): otherwise sign-ins cross the \
             network unencrypted".to_owned(),
        );
    }
    if url.path() != "/" || url.query().is_some() || url.fragment().is_some() || !url.username().is_empty() {
        return Err("must end after the host and port: give no path, query or user".to_owned());
    }
    Ok(Origin {
        text: url.origin().ascii_serialization(),
        https,
        port: url.port_or_known_default().unwrap_or_default(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins() {
        assert_eq!(
            parse_origin("https://Keys.Example.com:443/")
                .expect("https")
                .as_str(),
            "https://keys.example.com"
        );
        assert_eq!(
            parse_origin("http://[::1]:3000").expect("loopback").as_str(),
            "http://[::1]:3000"
        );
        for bad in [
            "keys.example.com",
            "http://keys.example.com",
            "https://k.example/x",
            "ftp://localhost",
            "https://u@k.example",
        ] {
            assert!(parse_origin(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn an_origin_is_compared_by_its_meaning() {
        let own = |text| parse_origin(text).expect("an origin");
        let keys = own("https://keys.example.com");
        assert_eq!((keys.port(), own("http://localhost").port()), (443, 80));
        for same in [
            "https://keys.example.com",
            "https://KEYS.example.com",
            "HTTPS://Keys.Example.Com:443",
        ] {
            assert!(keys.is(same), "{same}");
        }
        for other in [
            "",
            "null",
            "keys.example.com",
            "https://",
            "https://keys.example.com:8443",
            "https://keys.example.com:80",
            "http://keys.example.com",
            "http://keys.example.com:443",
            "https://keys.example.com/",
            "https:///keys.example.com",
            "https:\\\\keys.example.com",
            "https://keys.example.com?",
            "https://keys.example.com#",
            "https://ada@keys.example.com",
            "https://evil.example@keys.example.com",
            " https://keys.example.com",
            "https://keys.example.com ",
            "https://keys.\texample.com",
            "https://keys.example.com.evil.example",
            "https://keys.example.com https://keys.example.com",
        ] {
            assert!(!keys.is(other), "{other:?}");
        }
        assert!(own("http://[::1]:3000").is("http://[::1]:3000"));
        assert!(own("http://127.0.0.1:80").is("http://127.0.0.1"));
    }
}
