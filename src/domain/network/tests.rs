use super::*;

fn ip(text: &str) -> IpAddr {
    text.parse().expect("an address")
}

/// The stored form of a list that is accepted.
fn stored(text: &str) -> String {
    Allowlist::parse(text).expect(text).list.to_string()
}

fn notes(text: &str) -> Vec<String> {
    Allowlist::parse(text).expect(text).notes
}

fn refused(text: &str) -> String {
    Allowlist::parse(text).expect_err(text).to_string()
}

/// `count` different addresses, separated by commas.
fn addresses(count: u32) -> String {
    let all = (0..count).map(|n| Ipv4Addr::from(0xCB00_7100 + n).to_string());
    all.collect::<Vec<_>>().join(",")
}

#[test]
fn what_is_kept() {
    for (text, kept) in [
        ("", ""),
        (" ,\n,\r\n\t", ""),
        ("203.0.113.7", "203.0.113.7"),
        ("203.0.113.7/32", "203.0.113.7"),
        ("203.0.113.0/24", "203.0.113.0/24"),
        ("0.0.0.0/0", "0.0.0.0/0"),
        ("0.0.0.0", "0.0.0.0"),
        ("2001:DB8:0:0::1", "2001:db8::1"),
        ("2001:0db8::1/128", "2001:db8::1"),
        ("2001:db8:7::/48", "2001:db8:7::/48"),
        ("::/0", "::/0"),
        ("::", "::"),
        // Commas and every kind of line end, in any number.
        ("10.0.0.1,10.0.0.2", "10.0.0.1 10.0.0.2"),
        (" 10.0.0.1 ,, 10.0.0.2 ,", "10.0.0.1 10.0.0.2"),
        (
            "10.0.0.1\n10.0.0.2\r\n10.0.0.3\r10.0.0.4",
            "10.0.0.1 10.0.0.2 10.0.0.3 10.0.0.4",
        ),
        ("\t10.0.0.1\u{A0}\n\n::1\n", "10.0.0.1 ::1"),
        // Spaces and semicolons, alone or with others.
        ("10.0.0.1 10.0.0.2", "10.0.0.1 10.0.0.2"),
        (
            "10.0.0.1;10.0.0.2; 10.0.0.3\t::1 ;",
            "10.0.0.1 10.0.0.2 10.0.0.3 ::1",
        ),
        // The order stays, and blocks inside other blocks stay.
        ("10.0.0.2,10.0.0.1,10.0.0.0/8", "10.0.0.2 10.0.0.1 10.0.0.0/8"),
        // IPv4-mapped addresses become IPv4, in every spelling.
        ("::ffff:10.0.0.1", "10.0.0.1"),
        ("::FFFF:0a00:1", "10.0.0.1"),
        ("::ffff:10.0.0.0/104", "10.0.0.0/8"),
        ("::ffff:0:0/96", "0.0.0.0/0"),
        ("::ffff:10.0.0.1/128", "10.0.0.1"),
        // Blocks larger than the mapped range, or outside of it, stay IPv6.
        ("::ffff:0:0/95", "::fffe:0:0/95"),
        ("::ffff:10.0.0.0/64", "::/64"),
        ("::fffe:10.0.0.1", "::fffe:a00:1"),
    ] {
        assert_eq!(stored(text), kept, "{text:?}");
    }
}

#[test]
fn changes_to_the_input_are_reported() {
    for (text, expected) in [
        ("", &[][..]),
        ("10.0.0.0/8, 2001:DB8::1, 10.0.0.7/32", &[]),
        (
            "10.0.0.1, 10.0.0.7/8",
            &["Entry 2: 10.0.0.7/8 is kept as 10.0.0.0/8."],
        ),
        (
            "2001:db8::1/32",
            &["Entry 1: 2001:db8::1/32 is kept as 2001:db8::/32."],
        ),
        (
            "::ffff:10.0.0.1",
            &["Entry 1: ::ffff:10.0.0.1 is kept as 10.0.0.1."],
        ),
        (
            "::ffff:10.0.0.7/104",
            &["Entry 1: ::ffff:10.0.0.7/104 is kept as 10.0.0.0/8."],
        ),
        // Blank entries are not counted.
        ("10.0.0.1,,\n10.0.0.2,10.0.0.1", &["Entry 3 repeats entry 1."]),
        (
            "203.0.113.9/24 2001:db8::1/32",
            &[
                "Entry 1: 203.0.113.9/24 is kept as 203.0.113.0/24.",
                "Entry 2: 2001:db8::1/32 is kept as 2001:db8::/32.",
            ],
        ),
        (
            "10.0.0.1, 10.0.0.1/32, ::ffff:10.0.0.1",
            &[
                "Entry 2 repeats entry 1.",
                "Entry 3: ::ffff:10.0.0.1 is kept as 10.0.0.1.",
                "Entry 3 repeats entry 1.",
            ],
        ),
    ] {
        assert_eq!(notes(text), expected, "{text:?}");
    }
    let repeated = |count: usize| notes(&"::,".repeat(count));
    assert_eq!(repeated(52).len(), 51);
    assert_eq!(repeated(52)[50], "Entry 52 repeats entry 1.");
    assert_eq!(repeated(2_000).len(), 51);
    assert_eq!(repeated(2_000)[50], "1,949 more changes were made.");
}

#[test]
fn what_is_refused_and_why() {
    let not_address = "is not an IP address or a CIDR block such as 203.0.113.0/24";
    let name = "is a host name; enter its IP address instead";
    let zone = "has a zone; leave out % and what follows it";
    let brackets = "has brackets; leave out the brackets and any port";
    let port = "has a port; leave it out";
    let zero = "has a leading zero; leave it out";
    let prefix = "needs a number after the slash, such as /24";
    let missing_address = "has no address; write it directly before the slash";
    let over_32 = "has a prefix length over 32; use at most /32";
    let over_128 = "has a prefix length over 128; use at most /128";
    for (entry, why) in [
        ("10.0.0.300", not_address),
        ("10.0.0", not_address),
        ("10.0.0.0.1", not_address),
        ("10", not_address),
        ("0x0a000001", not_address),
        ("10.0.0.*", not_address),
        ("10.0.0.x", not_address),
        ("10.0.0.1-10.0.0.9", not_address),
        ("10.0.0.1|10.0.0.2", not_address),
        ("+10.0.0.1", not_address),
        ("10.0.0.+1", not_address),
        ("-1.0.0.0", not_address),
        ("١٠.0.0.1", not_address),
        ("2001:db8:::1", not_address),
        ("2001:db8::g", not_address),
        ("1:2:3:4:5:6:7:8:9", not_address),
        ("10.0.0.300:443", not_address),
        ("10.0.0.1:https", not_address),
        ("10.0.0.300%eth0", not_address),
        ("[10.0.0.300]", not_address),
        ("/8", missing_address),
        ("/", missing_address),
        ("https://10.0.0.1", not_address),
        ("?", not_address),
        ("api.example.com", name),
        ("api.example.com.", name),
        ("api.example.com:443", name),
        ("api.example.com/24", name),
        ("1.example.com", name),
        ("localhost", not_address),
        ("bücher.example", name),
        ("any", not_address),
        ("fe80::1%eth0", zone),
        ("fe80::1%", zone),
        ("fe80::1%25eth0/64", zone),
        ("10.0.0.1%eth0", zone),
        ("[2001:db8::1]", brackets),
        ("[2001:db8::1]:443", brackets),
        ("[10.0.0.1]", brackets),
        ("203.0.113.7:443", port),
        ("203.0.113.7:443/32", port),
        ("010.0.0.1", zero),
        ("10.0.0.01", zero),
        ("10.00.0.1", zero),
        ("10.0.0.000", zero),
        ("::ffff:10.0.0.01", zero),
        ("::00001", zero),
        ("010.0.0.0/8", zero),
        ("10.0.0.0/08", zero),
        ("10.0.0.0/00", zero),
        ("2001:db8::/032", zero),
        ("10.0.0.0/", prefix),
        ("10.0.0.0/+8", prefix),
        ("10.0.0.0/-8", prefix),
        ("10.0.0.0/8/8", prefix),
        ("10.0.0.0/x", prefix),
        ("10.0.0.0/٨", prefix),
        ("10.0.0.0/255.0.0.0", prefix),
        ("10.0.0.0/33", over_32),
        ("10.0.0.0/256", over_32),
        ("10.0.0.0/4294967304", over_32),
        ("2001:db8::/129", over_128),
        ("::ffff:10.0.0.0/129", over_128),
    ] {
        assert_eq!(refused(entry), format!("Entry 1: {entry} {why}."));
        assert!(Allowlist::from_stored(entry).is_none(), "{entry}");
    }
    // A space separates entries, also where none was meant.
    assert_eq!(refused("10.0.0.0 /8"), format!("Entry 2: /8 {missing_address}."));
    assert_eq!(
        refused("10.0. 0.1"),
        format!("Entry 1: 10.0. {not_address}. Entry 2: 0.1 {not_address}.")
    );
}

#[test]
fn wrong_entries_are_named_and_counted() {
    let wrong =
        |n: u32| format!("Entry {n}: w{n} is not an IP address or a CIDR block such as 203.0.113.0/24.");
    let list = |count: u32| {
        (1..=count)
            .map(|n| format!("w{n}"))
            .collect::<Vec<_>>()
            .join("\n")
    };
    let first = |count: u32| (1..=count).map(wrong).collect::<Vec<_>>().join(" ");
    assert_eq!(refused(&list(2)), first(2));
    assert_eq!(refused(&list(50)), first(50));
    assert_eq!(
        refused(&list(51)),
        format!("{} 1 more entry is wrong too.", first(50))
    );
    assert_eq!(
        refused(&list(1_150)),
        format!("{} 1,100 more entries are wrong too.", first(50))
    );
    assert_eq!(
        refused("10.0.0.1,,10.0.0.0/33,\n10.0.0.2\nw4"),
        "Entry 2: 10.0.0.0/33 has a prefix length over 32; use at most /32. Entry 4: w4 is not an IP address or a CIDR block such as 203.0.113.0/24."
    );
    // Invalid entries are reported before the number of entries.
    assert_eq!(refused(&format!("w1,{}", addresses(60))), wrong(1));
}

#[test]
fn a_refused_entry_is_made_safe_to_show() {
    let long = "is longer than 64 characters; put a comma between entries";
    let not_address = "is not an IP address or a CIDR block such as 203.0.113.0/24";
    for (entry, shown) in [
        ("a".repeat(64), format!("{} {not_address}", "a".repeat(64))),
        ("a".repeat(65), format!("{}… {long}", "a".repeat(63))),
        ("é".repeat(8_192 / 2), format!("{}… {long}", "é".repeat(63))),
        (
            format!("10.0.0.{}1", "0".repeat(60)),
            format!("10.0.0.{}… {long}", "0".repeat(56)),
        ),
        ("1\u{7}\u{1B}\u{0}2".to_owned(), format!("1���2 {not_address}")),
        ("10.0.0.1\u{200B}".to_owned(), format!("10.0.0.1� {not_address}")),
        (
            "\u{FEFF}10.0.0.1\u{202E}".to_owned(),
            format!("�10.0.0.1� {not_address}"),
        ),
    ] {
        assert_eq!(refused(&entry), format!("Entry 1: {shown}."));
    }
}

#[test]
fn bounds() {
    for (count, entries) in [(0, 0), (1, 1), (49, 49), (50, 50)] {
        let list = Allowlist::parse(&addresses(count)).expect("a list").list;
        assert_eq!((list.len(), list.is_empty()), (entries, entries == 0));
        assert_eq!(list.entries().len(), entries);
    }
    assert_eq!(
        refused(&addresses(51)),
        "Use at most 50 entries; this list has 51."
    );
    assert_eq!(
        refused(&addresses(60)),
        "Use at most 50 entries; this list has 60."
    );
    // Duplicates are merged before counting.
    let twice = format!("{},{}", addresses(50), addresses(50));
    assert_eq!(Allowlist::parse(&twice).expect("50 different").list.len(), 50);
    assert!(Allowlist::parse(&format!("{},203.0.113.49/32", addresses(50))).is_ok());
    assert!(Allowlist::parse(&format!("{},203.0.113.50/32", addresses(50))).is_err());

    assert!(Allowlist::parse(&",".repeat(MAX_BYTES)).is_ok());
    assert_eq!(
        refused(&",".repeat(MAX_BYTES + 1)),
        "The list is too long: it has 8,193 bytes, and at most 8,192 fit. Use blocks such as 203.0.113.0/24."
    );
}

#[test]
fn the_stored_form_is_read_strictly() {
    let fifty = stored(&addresses(50));
    for text in ["", "10.0.0.1", "10.0.0.0/8 2001:db8::/32 ::1", &fifty] {
        let list = Allowlist::from_stored(text).expect(text);
        assert_eq!(list.to_string(), text);
    }
    for damaged in [
        " ",
        "10.0.0.1 ",
        " 10.0.0.1",
        "10.0.0.1  10.0.0.2",
        "10.0.0.1,10.0.0.2",
        "10.0.0.1\n10.0.0.2",
        "10.0.0.7/8",
        "::ffff:10.0.0.1",
        "10.0.0.1 x",
        &format!("{fifty} 10.0.0.1"),
    ] {
        assert_eq!(Allowlist::from_stored(damaged), None, "{damaged:?}");
    }
}

#[test]
fn who_passes() {
    for (list, inside, outside) in [
        ("203.0.113.7", "203.0.113.7", "203.0.113.8"),
        ("203.0.113.7", "::ffff:203.0.113.7", "::ffff:203.0.113.8"),
        ("::ffff:203.0.113.7", "203.0.113.7", "::203.0.113.7"),
        ("::ffff:10.0.0.0/104", "10.255.255.255", "11.0.0.0"),
        ("203.0.113.0/25", "203.0.113.127", "203.0.113.128"),
        ("203.0.113.77/25", "203.0.113.0", "203.0.112.255"),
        ("0.0.0.0/0", "255.255.255.255", "2001:db8::1"),
        ("0.0.0.0/0", "::ffff:255.255.255.255", "::"),
        ("::/0", "2001:db8::1", "10.0.0.1"),
        ("::/0", "::10.0.0.1", "::ffff:10.0.0.1"),
        ("::ffff:0:0/95", "::fffe:0:1", "10.0.0.1"),
        (
            "2001:db8:7::/48",
            "2001:db8:7:ffff:ffff:ffff:ffff:ffff",
            "2001:db8:8::",
        ),
        ("10.0.0.1, 2001:db8::1", "2001:db8::1", "2001:db8::2"),
        ("10.0.0.1, 2001:db8::1", "10.0.0.1", "10.0.0.2"),
    ] {
        let list = Allowlist::parse(list).expect(list).list;
        assert!(list.allows(ip(inside)), "{list} {inside}");
        assert!(!list.allows(ip(outside)), "{list} {outside}");
        assert!(Allowlist::default().allows(ip(outside)), "{outside}");
    }
}

#[test]
fn entries_in_words() {
    for (entry, covers) in [
        ("203.0.113.7", "one address"),
        ("2001:db8::7", "one address"),
        ("203.0.113.6/31", "2 addresses, 203.0.113.6 to 203.0.113.7"),
        ("203.0.113.0/24", "256 addresses, 203.0.113.0 to 203.0.113.255"),
        ("10.0.0.0/8", "16,777,216 addresses, 10.0.0.0 to 10.255.255.255"),
        (
            "128.0.0.0/1",
            "2,147,483,648 addresses, 128.0.0.0 to 255.255.255.255",
        ),
        ("0.0.0.0/0", "every IPv4 address"),
        ("::ffff:0:0/96", "every IPv4 address"),
        ("2001:db8::/127", "2001:db8:: to 2001:db8::1"),
        (
            "2001:db8:7::/48",
            "2001:db8:7:: to 2001:db8:7:ffff:ffff:ffff:ffff:ffff",
        ),
        ("::/0", "every IPv6 address"),
    ] {
        let list = Allowlist::parse(entry).expect(entry).list;
        let all: Vec<_> = list.entries().map(Entry::covers).collect();
        assert_eq!(all, [covers], "{entry}");
    }
}
