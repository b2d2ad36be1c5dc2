//! The client's address behind trusted proxies (docs/security.md, S50 and S51).

mod list;

pub use list::{ProxiesError, ProxySource, TrustedProxies};

use crate::domain::{client_network::Network, network::canonical};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Maximum number of hops that are read; real proxy chains are far shorter.
const MAX_HOPS: usize = 100;
/// Maximum length of all `X-Forwarded-For` lines together, in bytes.
const MAX_BYTES: usize = 8_192;

/// The client of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Client {
    /// Its address; never an IPv4-mapped one.
    Address(IpAddr),
    /// Unknown: a trusted proxy forwarded the request, but its `X-Forwarded-For` cannot be parsed.
    Unreadable,
}

impl Client {
    /// The network that per-client limits count the request for.
    #[must_use]
    pub fn network(self) -> Network {
        match self {
            Self::Address(address) => Network::of(address),
            Self::Unreadable => Network::Unreadable,
        }
    }
}

impl TrustedProxies {
    /// The client, from the peer address of the connection and the values of all `X-Forwarded-For` lines in
    /// order. No other header is read: proxies append to this one, and pass on what clients write into the
    /// others.
    #[must_use]
    pub fn client<'a>(&self, peer: IpAddr, forwarded_for: impl IntoIterator<Item = &'a [u8]>) -> Client {
        if !self.trusts(peer) {
            return Client::Address(canonical(peer));
        }
        let Some(hops) = hops(forwarded_for) else {
            return Client::Unreadable;
        };
        let mut client = canonical(peer);
        // Each proxy appends the peer it saw, so entries are trusted from the right, as long as a trusted
        // proxy appended them. What the client itself wrote is to the left of its address and is never
        // reached.
        for hop in hops.into_iter().rev() {
            match address(hop) {
                Some(ip) => client = ip,
                None => return Client::Unreadable,
            }
            if !self.trusts(client) {
                break;
            }
        }
        Client::Address(client)
    }
}

/// The hops of all lines in order; `None` if they exceed a bound.
fn hops<'a>(lines: impl IntoIterator<Item = &'a [u8]>) -> Option<Vec<&'a [u8]>> {
    let mut hops = Vec::new();
    let mut bytes = 0;
    for line in lines {
        // Counts the comma that joins a line to the one before, as in the equivalent single line.
        bytes += line.len() + usize::from(!hops.is_empty());
        if bytes > MAX_BYTES {
            return None;
        }
        hops.extend(line.split(|&b| b == b','));
        if hops.len() > MAX_HOPS {
            return None;
        }
    }
    Some(hops)
}

/// The address of a hop: `ip`, `ip:port` for IPv4, `[ip]` or `[ip]:port` for IPv6.
fn address(hop: &[u8]) -> Option<IpAddr> {
    let text = std::str::from_utf8(hop).ok()?.trim_matches([' ', '\t']);
    let ip = if let Some(rest) = text.strip_prefix('[') {
        let (inside, port) = rest.split_once(']')?;
        let ip = inside.parse::<Ipv6Addr>().ok()?;
        (port.is_empty() || port.strip_prefix(':').is_some_and(is_port)).then_some(IpAddr::V6(ip))
    } else if let Some((ip, port)) = text.split_once(':').filter(|(ip, _)| ip.contains('.')) {
        let ip = ip.parse::<Ipv4Addr>().ok()?;
        is_port(port).then_some(IpAddr::V4(ip))
    } else {
        text.parse().ok()
    };
    ip.map(canonical)
}

fn is_port(text: &str) -> bool {
    // `parse` alone would accept a plus sign.
    text.bytes().all(|b| b.is_ascii_digit()) && text.parse::<u16>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    fn proxies(text: &str) -> TrustedProxies {
        text.parse().expect("proxies")
    }

    /// The client's address, or `unreadable`.
    fn client(trusted: &str, peer: &str, lines: &[&str]) -> String {
        let lines = lines.iter().map(|line| line.as_bytes());
        match proxies(trusted).client(ip(peer), lines) {
            Client::Address(ip) => ip.to_string(),
            Client::Unreadable => "unreadable".to_owned(),
        }
    }

    #[test]
    fn only_a_trusted_peer_is_believed() {
        for (trusted, peer, expected) in [
            ("", "192.0.2.1", "192.0.2.1"),
            ("", "::ffff:192.0.2.1", "192.0.2.1"),
            ("", "127.0.0.1", "127.0.0.1"),
            ("192.0.2.2", "192.0.2.1", "192.0.2.1"),
            ("192.0.2.1", "192.0.2.1", "203.0.113.7"),
            ("192.0.2.1", "::ffff:192.0.2.1", "203.0.113.7"),
            ("::ffff:192.0.2.1", "192.0.2.1", "203.0.113.7"),
            ("::ffff:192.0.2.0/120", "192.0.2.1", "203.0.113.7"),
            ("192.0.2.0/24", "192.0.2.255", "203.0.113.7"),
            ("192.0.2.0/24", "192.0.3.0", "192.0.3.0"),
            ("0.0.0.0/0", "192.0.2.1", "203.0.113.7"),
            ("0.0.0.0/0", "2001:db8::1", "2001:db8::1"),
            ("::/0", "2001:db8::1", "203.0.113.7"),
            ("::/0", "192.0.2.1", "192.0.2.1"),
            ("2001:db8:1::/48, 10.0.0.0/8", "10.9.8.7", "203.0.113.7"),
            ("2001:db8:1::/48, 10.0.0.0/8", "2001:db8:1::9", "203.0.113.7"),
            ("2001:db8:1::/48, 10.0.0.0/8", "2001:db8:2::9", "2001:db8:2::9"),
        ] {
            // With every IPv4 address trusted, the leftmost address ends the chain.
            let lines = ["203.0.113.7"];
            assert_eq!(client(trusted, peer, &lines), expected, "{trusted:?} {peer}");
        }
        assert_eq!(client("192.0.2.1", "::ffff:192.0.2.1", &[]), "192.0.2.1");
        // Order and errors of a header are irrelevant if its sender is not trusted.
        assert_eq!(client("", "192.0.2.1", &["nonsense", ""]), "192.0.2.1");
        assert_eq!(client("10.0.0.1", "192.0.2.1", &["10.0.0.1"]), "192.0.2.1");
    }

    #[test]
    fn the_first_hop_from_the_right_that_is_not_trusted_is_the_client() {
        for (lines, expected) in [
            (&["203.0.113.7"][..], "203.0.113.7"),
            (&["1.1.1.1, 203.0.113.7"], "203.0.113.7"),
            (&["203.0.113.7, 1.1.1.1"], "1.1.1.1"),
            (&["203.0.113.7, 10.0.0.2"], "203.0.113.7"),
            (&["203.0.113.7, 10.0.0.2, 10.0.0.3"], "203.0.113.7"),
            (&["203.0.113.7, ::ffff:10.0.0.2"], "203.0.113.7"),
            (&["203.0.113.7, 11.0.0.2"], "11.0.0.2"),
            // A trusted address that the client wrote to the left of its own is ignored.
            (&["10.0.0.9, 203.0.113.7, 10.0.0.2"], "203.0.113.7"),
            (&["nonsense,, 203.0.113.7, 10.0.0.2"], "203.0.113.7"),
            (&["203.0.113.7, nonsense, 10.0.0.2"], "unreadable"),
            // Several lines are equivalent to one.
            (&["1.1.1.1", "203.0.113.7"], "203.0.113.7"),
            (&["203.0.113.7", "1.1.1.1"], "1.1.1.1"),
            (&["203.0.113.7", "10.0.0.2"], "203.0.113.7"),
            (&["1.1.1.1", "203.0.113.7, 10.0.0.2", "10.0.0.3"], "203.0.113.7"),
            (&["203.0.113.7", "", "10.0.0.3"], "unreadable"),
            (&["", "203.0.113.7"], "203.0.113.7"),
            (&["203.0.113.7", ""], "unreadable"),
            // Only trusted hops: the leftmost one, or the peer.
            (&["10.0.0.4, 10.0.0.3"], "10.0.0.4"),
            (&["::ffff:10.0.0.4"], "10.0.0.4"),
            (&[], "10.0.0.1"),
            (&[""], "unreadable"),
            (&[",10.0.0.3"], "unreadable"),
        ] {
            assert_eq!(client("10.0.0.0/8", "10.0.0.1", lines), expected, "{lines:?}");
        }
    }

    #[test]
    fn hops_as_proxies_write_them() {
        for (hop, expected) in [
            ("203.0.113.7", Some("203.0.113.7")),
            (" \t203.0.113.7\t ", Some("203.0.113.7")),
            ("203.0.113.7:443", Some("203.0.113.7")),
            ("203.0.113.7:0", Some("203.0.113.7")),
            ("203.0.113.7:65535", Some("203.0.113.7")),
            ("2001:db8::7", Some("2001:db8::7")),
            ("2001:DB8:0::7", Some("2001:db8::7")),
            ("[2001:db8::7]", Some("2001:db8::7")),
            ("[2001:db8::7]:443", Some("2001:db8::7")),
            ("::ffff:203.0.113.7", Some("203.0.113.7")),
            ("::ffff:cb00:7107", Some("203.0.113.7")),
            ("[::ffff:203.0.113.7]:443", Some("203.0.113.7")),
            ("", None),
            (" ", None),
            ("unknown", None),
            ("_hidden", None),
            ("localhost", None),
            ("203.0.113", None),
            ("203.0.113.256", None),
            ("203.0.113.07", None),
            ("203.0.113.7/32", None),
            ("203.0.113.7 203.0.113.8", None),
            ("203.0.113.7;203.0.113.8", None),
            ("\"203.0.113.7\"", None),
            ("for=203.0.113.7", None),
            ("203.0.113.7:", None),
            ("203.0.113.7:x", None),
            ("203.0.113.7:+443", None),
            ("203.0.113.7: 443", None),
            ("203.0.113.7:65536", None),
            ("203.0.113.7:443:443", None),
            ("[203.0.113.7]", None),
            ("[203.0.113.7]:443", None),
            ("[2001:db8::7", None),
            ("2001:db8::7]", None),
            ("[2001:db8::7]443", None),
            ("[2001:db8::7]:", None),
            ("[2001:db8::7]:+443", None),
            ("[2001:db8::7]:65536", None),
            ("[[2001:db8::7]]", None),
            ("[]", None),
            ("fe80::1%eth0", None),
            ("[fe80::1%1]:443", None),
            ("2001:db8:::7", None),
            ("\u{A0}203.0.113.7", None),
            ("203.0.113.7\n", None),
            ("203.0.113.7\0", None),
        ] {
            assert_eq!(address(hop.as_bytes()), expected.map(ip), "{hop:?}");
        }
        assert_eq!(address(b"\xFF203.0.113.7"), None);
    }

    #[test]
    fn long_chains_are_not_read() {
        let chain = |hops: usize| vec!["203.0.113.7"; hops];
        for (lines, expected) in [
            (chain(MAX_HOPS), "203.0.113.7"),
            (chain(MAX_HOPS + 1), "unreadable"),
            (vec![chain(MAX_HOPS).join(",").as_str()], "203.0.113.7"),
            (vec![chain(MAX_HOPS + 1).join(",").as_str()], "unreadable"),
        ] {
            assert_eq!(
                client("10.0.0.1", "10.0.0.1", &lines),
                expected,
                "{}",
                lines.len()
            );
        }
        let hop = ",203.0.113.7";
        for (padding, lines, expected) in [
            (MAX_BYTES - hop.len(), 1, "203.0.113.7"),
            (MAX_BYTES - hop.len() + 1, 1, "unreadable"),
            // Across several lines, the joining comma counts too.
            (MAX_BYTES - hop.len(), 2, "203.0.113.7"),
            (MAX_BYTES - hop.len() + 1, 2, "unreadable"),
        ] {
            let padding = "x".repeat(padding);
            let joined = format!("{padding}{hop}");
            let given: Vec<_> = match lines {
                1 => vec![joined.as_str()],
                _ => vec![padding.as_str(), &hop[1..]],
            };
            assert_eq!(
                client("10.0.0.1", "10.0.0.1", &given),
                expected,
                "{}",
                padding.len()
            );
        }
        // An untrusted peer's header is not read, so it has no bound.
        let endless = std::iter::repeat(b"203.0.113.7".as_slice());
        assert_eq!(
            TrustedProxies::default().client(ip("192.0.2.1"), endless.clone()),
            Client::Address(ip("192.0.2.1"))
        );
        assert_eq!(
            proxies("192.0.2.1").client(ip("192.0.2.1"), endless),
            Client::Unreadable
        );
    }

    proptest! {
        #[test]
        fn nothing_that_is_sent_panics(lines in prop::collection::vec(any::<Vec<u8>>(), 0..8)) {
            let lines = lines.iter().map(Vec::as_slice);
            let _ = proxies("10.0.0.1").client(ip("10.0.0.1"), lines);
        }

        /// A client in front of the proxies cannot forge its address.
        #[test]
        fn a_client_cannot_forge_its_address(sent in "[0-9a-f.:,\\[\\] ]{0,200}", own in any::<IpAddr>()) {
            let trusted = proxies("10.0.0.0/8");
            prop_assume!(!trusted.trusts(own));
            let seen = format!("{own}, 10.0.0.2");
            let lines = [sent.as_bytes(), seen.as_bytes()];
            prop_assume!(hops(lines).is_some());
            prop_assert_eq!(trusted.client(ip("10.0.0.3"), lines), Client::Address(canonical(own)));
        }
    }
}
