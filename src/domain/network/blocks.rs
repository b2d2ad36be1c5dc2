//! Large sets of CIDR blocks as sorted ranges, so that looking up an address is a binary search.

use super::{Fault, WrongEntry, as_kept, canonical, read, shown};
use ipnet::IpNet;
use std::net::IpAddr;

/// Networks that are not routed on the internet, as in [`super::is_internal`].
const INTERNAL_V4: [&str; 6] = [
    "127.0.0.0/8",
    "10.0.0.0/8",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "169.254.0.0/16",
    "100.64.0.0/10",
];
const INTERNAL_V6: [&str; 3] = ["::1/128", "fc00::/7", "fe80::/10"];
/// Number of public addresses above which a list is wide: more than a /8 of IPv4, or more than a /24 of IPv6.
const WIDE_V4: u128 = 1 << (32 - 8);
const WIDE_V6: u128 = 1 << (128 - 24);

/// A set of IPv4 and IPv6 addresses.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Blocks {
    v4: Ranges,
    v6: Ranges,
}

/// First and last address of each range; sorted, disjoint and not adjacent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Ranges(Vec<(u128, u128)>);

impl Blocks {
    /// Parses addresses and blocks separated by commas or line breaks. A # starts a comment up to the end of
    /// the line.
    ///
    /// # Errors
    /// The first invalid entry, with its position among those that are not blank.
    pub fn parse(text: &str) -> Result<Self, WrongEntry> {
        let lines = text.split(['\n', '\r']);
        let items = lines.flat_map(|line| line.split('#').next().unwrap_or_default().split(','));
        let items = items.map(str::trim).filter(|item| !item.is_empty());
        let mut blocks = Vec::new();
        for (number, item) in (1..).zip(items) {
            let block = read(item).map_err(|fault| WrongEntry {
                number,
                text: shown(item),
                fault,
            })?;
            blocks.push(as_kept(block));
        }
        Ok(blocks.into_iter().collect())
    }

    /// Whether the set is empty.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.v4.0.is_empty() && self.v6.0.is_empty()
    }

    /// Whether an address is in the set.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        match canonical(address) {
            IpAddr::V4(ip) => self.v4.contains(ip.to_bits().into()),
            IpAddr::V6(ip) => self.v6.contains(ip.to_bits()),
        }
    }

    /// Whether the set has more public addresses than any company has proxies: more than a /8 of IPv4 or a
    /// /24 of IPv6 in total. Loopback and private networks do not count.
    #[must_use]
    pub fn are_wide(&self) -> bool {
        let internal = |list: &[&str]| list.iter().filter_map(|text| text.parse().ok()).collect::<Self>();
        let v4 = self.v4.size_without(&internal(&INTERNAL_V4).v4);
        let v6 = self.v6.size_without(&internal(&INTERNAL_V6).v6);
        v4 > WIDE_V4 || v6 > WIDE_V6
    }
}

impl FromIterator<IpNet> for Blocks {
    fn from_iter<I: IntoIterator<Item = IpNet>>(blocks: I) -> Self {
        let (mut v4, mut v6) = (Vec::new(), Vec::new());
        for block in blocks {
            match block {
                IpNet::V4(block) => v4.push((
                    u128::from(block.network().to_bits()),
                    u128::from(block.broadcast().to_bits()),
                )),
                IpNet::V6(block) => v6.push((block.network().to_bits(), block.broadcast().to_bits())),
            }
        }
        Self {
            v4: Ranges::of(v4),
            v6: Ranges::of(v6),
        }
    }
}

impl Ranges {
    fn of(mut all: Vec<(u128, u128)>) -> Self {
        all.sort_unstable();
        let mut merged: Vec<(u128, u128)> = Vec::new();
        for (first, last) in all {
            match merged.last_mut() {
                Some(before) if first <= before.1.saturating_add(1) => before.1 = before.1.max(last),
                _ => merged.push((first, last)),
            }
        }
        merged.shrink_to_fit();
        Self(merged)
    }

    fn contains(&self, address: u128) -> bool {
        let after = self.0.partition_point(|&(first, _)| first <= address);
        after
            .checked_sub(1)
            .is_some_and(|place| address <= self.0[place].1)
    }

    /// Number of addresses that are not in `others`; saturates.
    fn size_without(&self, others: &Self) -> u128 {
        let mut size = 0_u128;
        for &(first, last) in &self.0 {
            size = size.saturating_add((last - first).saturating_add(1));
            for &(from, to) in &others.0 {
                if from <= last && first <= to {
                    size -= (last.min(to) - first.max(from)).saturating_add(1);
                }
            }
        }
        size
    }
}

/// Wording for lists of proxies.
impl WrongEntry {
    /// What is wrong, as the end of a sentence that starts with the entry. Lists of proxies accept no host
    /// names either.
    #[must_use]
    pub fn of_proxies(&self) -> String {
        match self.fault {
            Fault::Name => "is a name; give the addresses that it stands for".to_owned(),
            fault => fault.to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::net::{Ipv4Addr, Ipv6Addr};

    fn blocks(text: &str) -> Blocks {
        Blocks::parse(text).unwrap_or_else(|error| panic!("{error}"))
    }

    #[test]
    fn ranges_are_merged_and_found() {
        let list =
            blocks("10.0.0.0/25, 10.0.0.128/25\n10.0.1.0/24 # the office\r\n,2001:db8::/32,::ffff:192.0.2.7");
        assert_eq!((list.v4.0.len(), list.v6.0.len()), (2, 1));
        for (address, expected) in [
            ("9.255.255.255", false),
            ("10.0.0.0", true),
            ("10.0.1.255", true),
            ("10.0.2.0", false),
            ("192.0.2.7", true),
            ("::ffff:192.0.2.7", true),
            ("192.0.2.8", false),
            ("2001:db8:ffff::", true),
            ("2001:db9::", false),
            ("::", false),
        ] {
            assert_eq!(
                list.contains(address.parse().expect("an address")),
                expected,
                "{address}"
            );
        }
        assert!(blocks(" ,\n# nothing\n").is_empty());
        assert!(!blocks("192.0.2.7").is_empty() && !blocks("2001:db8::1").is_empty());
        assert!(!Blocks::default().contains(IpAddr::V4(Ipv4Addr::UNSPECIFIED)));
        let all = blocks("0.0.0.0/0, ::/0");
        assert!(all.contains(IpAddr::V6(Ipv6Addr::from_bits(u128::MAX))));
        assert!(all.contains(IpAddr::V4(Ipv4Addr::BROADCAST)));
    }

    #[test]
    fn the_first_wrong_entry_is_named() {
        for (text, number, fault) in [
            ("10.0.0.0/33", 1, "has a prefix length over 32; use at most /32"),
            (
                "10.0.0.1,, edge.example.com",
                2,
                "is a name; give the addresses that it stands for",
            ),
            (
                "# edges\n10.0.0.1\n10.0.0.2 10.0.0.3",
                2,
                "has white space inside; put a comma or a line break between entries",
            ),
        ] {
            let wrong = Blocks::parse(text).expect_err(text);
            assert_eq!(
                (wrong.number, wrong.of_proxies().as_str()),
                (number, fault),
                "{text}"
            );
        }
    }

    #[test]
    fn what_all_entries_cover_together_is_wide_or_not() {
        for (text, expected) in [
            ("0.0.0.0/0", true),
            ("0.0.0.0/1,128.0.0.0/1", true),
            ("::/0", true),
            ("11.0.0.0/8", false),
            ("11.0.0.0/8,12.0.0.0/32", true),
            ("11.0.0.0/8,11.1.0.0/16,11.255.255.255", false),
            ("8.0.0.0/7", true),
            // These addresses exist only inside a server's own network.
            (
                "127.0.0.0/8,10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,169.254.0.0/16,100.64.0.0/10",
                false,
            ),
            ("10.0.0.0/7", false),
            ("10.0.0.0/6", true),
            ("fc00::/7,fe80::/10,::1", false),
            ("2600::/24", false),
            ("2600::/23", true),
            ("2600::/24,2601::", true),
        ] {
            assert_eq!(blocks(text).are_wide(), expected, "{text}");
        }
        let spelled: Vec<_> = (0..=255).map(|n| format!("20.{n}.0.0/16")).collect();
        assert!(!blocks(&spelled.join(",")).are_wide());
        assert!(blocks(&format!("{},21.0.0.0", spelled.join(","))).are_wide());
    }

    proptest! {
        /// The ranges contain the same addresses as the blocks.
        #[test]
        fn ranges_are_the_blocks(list in prop::collection::vec((any::<u32>(), 0..=32_u8), 0..30), probe in any::<u32>()) {
            let nets: Vec<IpNet> = list
                .iter()
                .filter_map(|&(bits, prefix)| IpNet::new(Ipv4Addr::from_bits(bits).into(), prefix).ok())
                .map(|net| net.trunc())
                .collect();
            let blocks: Blocks = nets.iter().copied().collect();
            for bits in list.iter().map(|&(bits, _)| bits).chain([probe]) {
                let address = IpAddr::V4(Ipv4Addr::from_bits(bits));
                prop_assert_eq!(blocks.contains(address), nets.iter().any(|net| net.contains(&address)));
            }
        }
    }
}
