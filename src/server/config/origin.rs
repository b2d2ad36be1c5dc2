//! The public URL of this server.

use url::Url;

/// Scheme, host and port that browsers use for this server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// In the format of the header `Origin`: no path, no default port.
    text: String,
    https: bool,
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
}
