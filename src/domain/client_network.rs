//! The network of a client's address: what per-client limits count by.

use std::{
    fmt,
    net::{IpAddr, Ipv6Addr},
};

/// The unit that per-client limits count by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Network {
    /// The network of one subscriber: see [`subscriber`].
    Subscriber(IpAddr),
    /// All clients with an unknown address together.
    Unreadable,
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Subscriber(address) => address.fmt(f),
            Self::Unreadable => f.write_str("unreadable"),
        }
    }
}

impl Network {
    /// The network of an address.
    #[must_use]
    pub fn of(address: IpAddr) -> Self {
        Self::Subscriber(subscriber(address))
    }
}

/// The part of an address that identifies one subscriber: an IPv4 address in full, the first 64 bits of an
/// IPv6 address. Clients choose the other 64 bits themselves (RFC 4291, section 2.5.1).
#[must_use]
pub fn subscriber(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & !u128::from(u64::MAX))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ipv6_is_counted_by_its_first_half() {
        let parse = |text: &str| text.parse::<IpAddr>().expect("an address");
        assert_eq!(subscriber(parse("2001:db8:1:2:3:4:5:6")), parse("2001:db8:1:2::"));
        assert_eq!(subscriber(parse("203.0.113.7")), parse("203.0.113.7"));
        assert_eq!(
            Network::of(parse("2001:db8:1:2:3:4:5:6")).to_string(),
            "2001:db8:1:2::"
        );
        assert_eq!(Network::Unreadable.to_string(), "unreadable");
    }
}
