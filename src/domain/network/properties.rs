use super::*;
use proptest::prelude::*;
use std::net::Ipv6Addr;

/// The stored form of a list that is accepted.
fn stored(text: &str) -> String {
    Allowlist::parse(text).expect(text).list.to_string()
}

/// `count` different addresses, separated by commas.
fn addresses(count: u32) -> String {
    let all = (0..count).map(|n| Ipv4Addr::from(0xCB00_7100 + n).to_string());
    all.collect::<Vec<_>>().join(",")
}

/// The bits of an address, most significant first.
fn bits(ip: IpAddr) -> Vec<bool> {
    let octets = match ip {
        IpAddr::V4(ip) => ip.octets().to_vec(),
        IpAddr::V6(ip) => ip.octets().to_vec(),
    };
    let bit = |place: usize| octets[place / 8] >> (7 - place % 8) & 1 == 1;
    (0..octets.len() * 8).map(bit).collect()
}

/// Addresses of both families, with a share of IPv4-mapped ones, which chance alone would hardly produce.
fn any_ip() -> impl Strategy<Value = IpAddr> {
    let mapped = any::<Ipv4Addr>().prop_map(|ip| IpAddr::V6(ip.to_ipv6_mapped()));
    prop_oneof![4 => any::<IpAddr>(), 1 => mapped]
}

/// A block as typed, with host bits.
fn any_block() -> impl Strategy<Value = (IpAddr, usize)> {
    any_ip().prop_flat_map(|ip| (Just(ip), 0..=bits(ip).len()))
}

fn typed(blocks: &[(IpAddr, usize)]) -> Vec<String> {
    blocks
        .iter()
        .map(|(ip, prefix)| format!("{ip}/{prefix}"))
        .collect()
}

/// `ip` with the bits from `from` on taken from `noise`.
fn mixed(ip: IpAddr, noise: u128, from: usize) -> IpAddr {
    match ip {
        IpAddr::V4(ip) => {
            let host = u32::MAX
                .checked_shr(u32::try_from(from).expect("few bits"))
                .unwrap_or(0);
            let noise = u32::try_from(noise >> 96).expect("the upper 32 bits");
            Ipv4Addr::from(u32::from(ip) & !host | noise & host).into()
        }
        IpAddr::V6(ip) => {
            let host = u128::MAX
                .checked_shr(u32::try_from(from).expect("few bits"))
                .unwrap_or(0);
            Ipv6Addr::from(u128::from(ip) & !host | noise & host).into()
        }
    }
}

/// Reference implementation: compares bit by bit.
fn naively_allowed((block, prefix): (IpAddr, usize), client: IpAddr) -> bool {
    let unmapped = |ip: IpAddr| match ip {
        IpAddr::V6(v6) => v6.to_ipv4_mapped().map_or(ip, IpAddr::V4),
        IpAddr::V4(_) => ip,
    };
    let (block, prefix) = match unmapped(block) {
        IpAddr::V4(v4) if block.is_ipv6() && prefix >= 96 => (IpAddr::V4(v4), prefix - 96),
        _ => (block, prefix),
    };
    let client = unmapped(client);
    block.is_ipv4() == client.is_ipv4() && bits(block)[..prefix] == bits(client)[..prefix]
}

proptest! {
    #[test]
    fn every_accepted_list_survives_being_stored(blocks in prop::collection::vec(any_block(), 0..=50)) {
        let list = Allowlist::parse(&typed(&blocks).join("\n")).expect("a list").list;
        prop_assert_eq!(Allowlist::from_stored(&list.to_string()), Some(list.clone()));
        // The displayed list parses again without any change.
        let again = Allowlist::parse(&list.to_string().replace(' ', ",")).expect("the same list");
        prop_assert_eq!(again, Reading { list, notes: Vec::new() });
    }

    #[test]
    fn matching_compares_bits(block in any_block(), noise in any::<u128>(), from in 0usize..=128, other in any_ip()) {
        let list = Allowlist::parse(&typed(&[block]).join("")).expect("a list").list;
        // Addresses near the block's edge, inside it, and anywhere.
        for client in [mixed(block.0, noise, from), mixed(block.0, noise, block.1), other] {
            prop_assert_eq!(list.allows(client), naively_allowed(block, client), "{} {}", list, client);
        }
    }

    #[test]
    fn a_mapped_address_is_the_plain_one(block in any_block(), plain in any::<Ipv4Addr>(), prefix in 0u8..=32) {
        let mapped = plain.to_ipv6_mapped();
        prop_assert_eq!(canonical(mapped.into()), IpAddr::V4(plain));
        let list = Allowlist::parse(&typed(&[block]).join("")).expect("a list").list;
        prop_assert_eq!(list.allows(mapped.into()), list.allows(plain.into()));
        prop_assert_eq!(stored(&mapped.to_string()), stored(&plain.to_string()));
        let long = u16::from(prefix) + 96;
        prop_assert_eq!(stored(&format!("{mapped}/{long}")), stored(&format!("{plain}/{prefix}")));
    }

    #[test]
    fn host_bits_do_not_matter((ip, prefix) in any_block(), noise in any::<u128>()) {
        let other = mixed(ip, noise, prefix);
        prop_assert_eq!(stored(&typed(&[(ip, prefix)]).join("")), stored(&typed(&[(other, prefix)]).join("")));
    }

    #[test]
    fn order_and_repetition_do_not_matter(
        (blocks, shuffled) in prop::collection::vec(any_block(), 1..20)
            .prop_flat_map(|blocks| (Just(blocks.clone()), Just([blocks.clone(), blocks].concat()).prop_shuffle())),
        clients in prop::collection::vec(any_ip(), 8),
    ) {
        let list = Allowlist::parse(&typed(&blocks).join(",")).expect("a list").list;
        let other = Allowlist::parse(&typed(&shuffled).join(",")).expect("the same blocks").list;
        prop_assert_eq!(list.len(), other.len());
        for client in clients.into_iter().chain(blocks.iter().map(|(ip, _)| *ip)) {
            prop_assert_eq!(list.allows(client), other.allows(client));
        }
        for (ip, _) in blocks {
            // A block contains the address it was typed with, unless that is an IPv4-mapped address in an
            // IPv6 block.
            let mapped = ip.is_ipv6() && canonical(ip).is_ipv4();
            prop_assert!(mapped || list.allows(ip));
        }
    }

    #[test]
    fn only_different_entries_are_counted(count in 0u32..=60, repeated in 1usize..4) {
        let text = vec![addresses(count); repeated].join(",");
        let counted = usize::try_from(count).expect("a small number");
        match Allowlist::parse(&text) {
            Ok(reading) => prop_assert!(counted <= Allowlist::MAX && reading.list.len() == counted),
            Err(error) => prop_assert!(counted > Allowlist::MAX && error == AllowlistError::TooMany(counted)),
        }
    }

    #[test]
    fn no_text_panics_and_every_answer_is_one_line_of_a_bounded_length(
        text in prop_oneof![any::<String>(), "[0-9a-fx:./%,\\[\\] \n+-]{0,80}", "\\PC{0,300}"],
    ) {
        let _ = Allowlist::from_stored(&text);
        match Allowlist::parse(&text) {
            Ok(Reading { list, .. }) => {
                prop_assert_eq!(Allowlist::from_stored(&list.to_string()), Some(list));
            }
            Err(error) => {
                let sentence = error.to_string();
                prop_assert!(!sentence.contains(char::is_control), "{sentence:?}");
                prop_assert!(sentence.chars().count() < 51 * 160, "{sentence:?}");
            }
        }
    }
}
