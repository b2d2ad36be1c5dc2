//! Configurations of proxies that guard an API: the examples that are shipped, with this server's addresses
//! and brand filled in.

use super::network::canonical;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// This server's address in the examples.
const SERVER: (&str, u16) = ("127.0.0.1", 3000);
/// The line about trusted proxies in the examples.
const TRUSTED: &str = "TRUSTED_PROXIES=127.0.0.1";
/// The product's name in the comments of the examples. Directives that proxies read spell it `babysea`.
const NAME: &str = "BabySea";
/// Used for a brand that comments cannot contain.
const NAMELESS: &str = "the key server";

/// Source address of a connection from a proxy on the same machine to a server at `server`. Operating systems
/// use the target's own address as the source, and 127.0.0.1 for all of 127.0.0.0/8. A server that listens on
/// all addresses is reached at 127.0.0.1.
#[must_use]
pub fn neighbour(server: SocketAddr) -> IpAddr {
    let ip = canonical(server.ip());
    let is_common = ip.is_unspecified() || ip.is_ipv4() && ip.is_loopback();
    if is_common {
        IpAddr::V4(Ipv4Addr::LOCALHOST)
    } else {
        ip
    }
}

/// The brand for a comment, or [`NAMELESS`]. A brand is free text: line ends would end the comment (YAML has some
/// that are no control characters), and Caddy and Traefik substitute braces even in comments.
fn in_comments(brand: &str) -> &str {
    let is_risky = |c: char| c.is_control() || matches!(c, '{' | '}') || c.is_whitespace() && c != ' ';
    if brand.contains(is_risky) { NAMELESS } else { brand }
}

/// A proxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proxy {
    /// <https://nginx.org>
    Nginx,
    /// <https://caddyserver.com>
    Caddy,
    /// <https://traefik.io>
    Traefik,
    /// <https://www.envoyproxy.io>
    Envoy,
}

impl Proxy {
    /// Every proxy.
    pub const ALL: [Self; 4] = [Self::Nginx, Self::Caddy, Self::Traefik, Self::Envoy];

    /// Name in paths.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::Nginx => "nginx",
            Self::Caddy => "caddy",
            Self::Traefik => "traefik",
            Self::Envoy => "envoy",
        }
    }

    /// The proxy with this id.
    #[must_use]
    pub fn from_id(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|proxy| proxy.id() == id)
    }

    /// Name for people.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Nginx => "nginx",
            Self::Caddy => "Caddy",
            Self::Traefik => "Traefik",
            Self::Envoy => "Envoy",
        }
    }

    /// File name.
    #[must_use]
    pub const fn file(self) -> &'static str {
        match self {
            Self::Nginx => "babysea.conf",
            Self::Caddy => "Caddyfile",
            Self::Traefik => "babysea.yaml",
            Self::Envoy => "envoy.yaml",
        }
    }

    /// The example in `examples/`.
    const fn shipped(self) -> &'static str {
        match self {
            Self::Nginx => include_str!("../../examples/nginx/babysea.conf"),
            Self::Caddy => include_str!("../../examples/caddy/Caddyfile"),
            Self::Traefik => include_str!("../../examples/traefik/babysea.yaml"),
            Self::Envoy => include_str!("../../examples/envoy/envoy.yaml"),
        }
    }

    /// Configuration for a server at `server` with this brand.
    #[must_use]
    pub fn configuration(self, server: SocketAddr, brand: &str) -> String {
        let (host, port) = SERVER;
        self.shipped()
            .replace(TRUSTED, &format!("TRUSTED_PROXIES={}", neighbour(server)))
            .replace(&format!("{host}:{port}"), &server.to_string())
            .replace(
                &format!("address: {host}, port_value: {port}"),
                &format!("address: \"{}\", port_value: {}", server.ip(), server.port()),
            )
            // Last, so that no address is replaced inside a brand.
            .replace(NAME, in_comments(brand))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_file_names_the_server_and_nothing_of_the_shipped_address_is_left() {
        for proxy in Proxy::ALL {
            assert_eq!(Proxy::from_id(proxy.id()), Some(proxy));
            let text = proxy.configuration("10.1.2.3:4567".parse().expect("an address"), NAME);
            assert!(text.contains("10.1.2.3:4567"), "{proxy:?}");
            assert!(!text.contains("3000"), "{proxy:?}");
        }
        assert_eq!(Proxy::from_id("apache"), None);
        assert_eq!(
            Proxy::ALL.map(Proxy::label),
            ["nginx", "Caddy", "Traefik", "Envoy"]
        );
        let files = ["babysea.conf", "Caddyfile", "babysea.yaml", "envoy.yaml"];
        assert_eq!(Proxy::ALL.map(Proxy::file), files);
    }

    #[test]
    fn a_proxy_beside_the_server_is_trusted_by_the_address_it_asks_from() {
        for (server, trusted) in [
            ("127.0.0.1:4567", "127.0.0.1"),
            ("127.0.0.9:4567", "127.0.0.1"),
            ("0.0.0.0:4567", "127.0.0.1"),
            ("[::]:4567", "127.0.0.1"),
            ("10.1.2.3:4567", "10.1.2.3"),
            ("[::1]:4567", "::1"),
            ("[2001:db8::1]:4567", "2001:db8::1"),
            ("[::ffff:10.1.2.3]:4567", "10.1.2.3"),
        ] {
            let server = server.parse().expect("an address");
            assert_eq!(neighbour(server).to_string(), trusted, "{server}");
            for proxy in Proxy::ALL {
                let text = proxy.configuration(server, NAME);
                let named: Vec<_> = text
                    .lines()
                    .filter_map(|line| line.split_once("TRUSTED_PROXIES="))
                    .map(|(_, named)| named)
                    .collect();
                assert_eq!(named, [trusted], "{proxy:?} {server}");
            }
        }
    }

    /// The lines that a proxy reads: no comments.
    fn read(text: &str) -> Vec<&str> {
        let is_comment = |line: &str| line.trim_start().starts_with('#');
        text.lines().filter(|line| !is_comment(line)).collect()
    }

    #[test]
    fn another_brand_stands_where_the_shipped_one_does() {
        let (host, port) = SERVER;
        let server = format!("{host}:{port}").parse().expect("an address");
        for proxy in Proxy::ALL {
            let own = proxy.configuration(server, NAME);
            // IPv6 addresses need the quotes, so all have them.
            let plain = own.replace(&format!("address: \"{host}\""), &format!("address: {host}"));
            assert_eq!(plain, proxy.shipped());
            assert!(own.contains(NAME), "{proxy:?}");
            assert!(
                !read(&own).iter().any(|line| line.contains(NAME)),
                "{proxy:?}: it is in comments alone"
            );
            for brand in ["Weathervane", "Zoë's \"Sea\" & $ea; `#1` \\", "127.0.0.1:3000"] {
                let text = proxy.configuration(server, brand);
                assert!(!text.contains(NAME), "{proxy:?} {brand}");
                assert_eq!(text, own.replace(NAME, brand), "{proxy:?} {brand}");
                assert_eq!(read(&text), read(&own), "{proxy:?} {brand}");
            }
        }
    }

    #[test]
    fn a_brand_that_could_leave_its_comment_is_not_named() {
        let server = "10.1.2.3:4567".parse().expect("an address");
        for brand in [
            "Sea\nevil: 1",
            "Sea\revil: 1",
            "Sea\u{85}evil: 1",
            "Sea\u{2028}evil: 1",
            "Sea\u{2029}evil: 1",
            "{$HOME}",
            "{{ env `HOME` }}",
            "Sea}",
        ] {
            for proxy in Proxy::ALL {
                let text = proxy.configuration(server, brand);
                let is_named = text.contains(brand) || text.contains(NAME);
                assert!(!is_named, "{proxy:?} {brand:?}");
                let step = format!("# 2. Start {NAMELESS} with");
                assert!(text.contains(&step), "{proxy:?} {brand:?}");
            }
        }
    }
}
