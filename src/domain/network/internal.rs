//! Addresses that are not routed on the internet.

use super::canonical;
use std::net::{IpAddr, Ipv4Addr};

/// Whether an address is local: loopback, RFC 1918, fc00::/7, link-local, or carrier-grade NAT (RFC 6598).
/// Proxies, container bridges and load balancers have such addresses, so one of them can stand for many
/// clients.
#[must_use]
pub fn is_internal(address: IpAddr) -> bool {
    match canonical(address) {
        IpAddr::V4(ip) => ip.is_loopback() || ip.is_private() || ip.is_link_local() || is_shared(ip),
        IpAddr::V6(ip) => ip.is_loopback() || ip.is_unique_local() || ip.is_unicast_link_local(),
    }
}

/// 100.64.0.0/10.
const fn is_shared(ip: Ipv4Addr) -> bool {
    let [first, second, ..] = ip.octets();
    first == 100 && second & 0b1100_0000 == 64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn private_networks_are_recognised() {
        for (address, expected) in [
            ("127.0.0.1", true),
            ("127.9.9.9", true),
            ("::1", true),
            ("10.1.2.3", true),
            ("172.16.0.1", true),
            ("172.31.255.255", true),
            ("172.32.0.1", false),
            ("192.168.7.7", true),
            ("169.254.1.1", true),
            ("100.63.255.255", false),
            ("100.64.0.0", true),
            ("100.127.255.255", true),
            ("100.128.0.0", false),
            ("203.0.113.7", false),
            ("::ffff:10.0.0.1", true),
            ("::ffff:203.0.113.7", false),
            ("fc00::1", true),
            ("fdff::1", true),
            ("fe80::1", true),
            ("fec0::1", false),
            ("2001:db8::1", false),
        ] {
            let ip = address.parse().expect("an address");
            assert_eq!(is_internal(ip), expected, "{address}");
        }
    }
}
