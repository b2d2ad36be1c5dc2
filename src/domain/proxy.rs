//! Proxies that can guard an API, and the configuration of each: the shipped examples, with other addresses in them.

use super::network::canonical;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// This server's address in the shipped files.
const SERVER: (&str, u16) = ("127.0.0.1", 3000);
/// What the shipped files say of the proxies to trust.
const TRUSTED: &str = "TRUSTED_PROXIES=127.0.0.1";

/// The address from which a proxy on the same machine asks a server at `server`: where a connection goes to an address
/// of its own machine, systems have it come from there too, and from 127.0.0.1 for all of 127.0.0.0/8. A server that
/// listens everywhere is asked at 127.0.0.1.
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

    /// Name in addresses.
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

    /// Name of the file.
    #[must_use]
    pub const fn file(self) -> &'static str {
        match self {
            Self::Nginx => "babysea.conf",
            Self::Caddy => "Caddyfile",
            Self::Traefik => "babysea.yaml",
            Self::Envoy => "envoy.yaml",
        }
    }

    /// The file for a server at `server`.
    #[must_use]
    pub fn configuration(self, server: SocketAddr) -> String {
        let shipped = match self {
            Self::Nginx => include_str!("../../examples/nginx/babysea.conf"),
            Self::Caddy => include_str!("../../examples/caddy/Caddyfile"),
            Self::Traefik => include_str!("../../examples/traefik/babysea.yaml"),
            Self::Envoy => include_str!("../../examples/envoy/envoy.yaml"),
        };
        let (host, port) = SERVER;
        shipped
            .replace(TRUSTED, &format!("TRUSTED_PROXIES={}", neighbour(server)))
            .replace(&format!("{host}:{port}"), &server.to_string())
            .replace(
                &format!("address: {host}, port_value: {port}"),
                &format!("address: \"{}\", port_value: {}", server.ip(), server.port()),
            )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_file_names_the_server_and_nothing_of_the_shipped_address_is_left() {
        for proxy in Proxy::ALL {
            assert_eq!(Proxy::from_id(proxy.id()), Some(proxy));
            let text = proxy.configuration("10.1.2.3:4567".parse().expect("an address"));
            assert!(text.contains("10.1.2.3:4567"), "{proxy:?}");
            assert!(!text.contains("3000"), "{proxy:?}");
        }
        assert_eq!(Proxy::from_id("apache"), None);
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
                let text = proxy.configuration(server);
                let named: Vec<_> = text
                    .lines()
                    .filter_map(|line| line.split_once("TRUSTED_PROXIES="))
                    .map(|(_, named)| named)
                    .collect();
                assert_eq!(named, [trusted], "{proxy:?} {server}");
            }
        }
    }
}
