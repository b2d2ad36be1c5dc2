use super::*;
use crate::server::config::Config;

fn bounds(connections: usize, reserve: usize) -> Bounds {
    let config = Config::from_arguments(["babysea"]).unwrap_or_else(|error| panic!("{error}"));
    Bounds {
        connections,
        reserve,
        ..Bounds::of(&config)
    }
}

fn address(last: u8) -> IpAddr {
    IpAddr::from([203, 0, 113, last])
}

/// Ids of the open connections.
fn ids(open: &Open) -> Vec<u64> {
    let members = open.addresses.values().flat_map(HashMap::keys);
    let mut ids: Vec<_> = members.copied().collect();
    ids.sort_unstable();
    assert_eq!(ids.len(), open.members);
    ids
}

#[test]
fn the_oldest_idle_connection_makes_room() {
    let (mut open, bounds) = (Open::default(), bounds(3, 0));
    let three: Vec<_> = (1..=3)
        .filter_map(|n| open.admit(address(n), 3, &bounds))
        .collect();
    // The first has a response in progress, and the second got a request after the third.
    three[0].request_arrived();
    three[2].request_arrived();
    three[2].answered();
    three[1].request_arrived();
    three[1].answered();
    assert!(open.admit(address(4), 3, &bounds).is_some());
    assert_eq!(ids(&open), [1, 2, 4]);
    assert!(open.admit(address(5), 3, &bounds).is_some());
    assert_eq!(ids(&open), [1, 4, 5]);
}

#[test]
fn connections_with_a_response_in_progress_are_never_closed() {
    let (mut open, bounds) = (Open::default(), bounds(2, 0));
    let two: Vec<_> = (1..=2)
        .filter_map(|n| open.admit(address(n), 2, &bounds))
        .collect();
    two[0].request_arrived();
    two[1].request_arrived();
    two[1].answered();
    two[1].writes(true);
    assert!(
        open.admit(address(3), 2, &bounds).is_none(),
        "an answer is not taken yet"
    );
    two[1].writes(false);
    open.scanned = None;
    assert!(open.admit(address(3), 2, &bounds).is_some());
    assert_eq!(ids(&open), [1, 3]);
}

#[test]
fn an_address_at_its_cap_loses_its_own_oldest() {
    let (mut open, bounds) = (Open::default(), bounds(10, 0));
    let other = open.admit(address(1), 2, &bounds).expect("a slot");
    let first = open.admit(address(2), 2, &bounds).expect("a slot");
    let second = open.admit(address(2), 2, &bounds).expect("a slot");
    assert!(open.admit(address(2), 2, &bounds).is_some());
    assert_eq!(ids(&open), [other.id, second.id, 4]);
    second.request_arrived();
    assert!(open.admit(address(2), 2, &bounds).is_some());
    assert_eq!(ids(&open), [other.id, second.id, 5]);
    open.remove(&first);
    assert_eq!(ids(&open), [other.id, second.id, 5], "it was removed before");
    for id in [second.id, 5] {
        let connection = Arc::clone(&open.addresses[&address(2)][&id]);
        connection.request_arrived();
    }
    assert!(open.admit(address(2), 2, &bounds).is_none());
    assert!(
        open.admit(address(3), 2, &bounds).is_some(),
        "others have their own"
    );
}

/// All connections have a response in progress.
fn full(bounds: &Bounds) -> Open {
    let mut open = Open::default();
    for _ in 0..bounds.connections {
        let one = open.admit(address(1), bounds.connections, bounds);
        one.expect("a slot").request_arrived();
    }
    open
}

fn reserved(open: &Open) -> Vec<u64> {
    let mut ids: Vec<_> = open.reserve.keys().copied().collect();
    ids.sort_unstable();
    ids
}

#[test]
fn a_few_slots_are_reserved_and_no_address_takes_all_of_them() {
    let bounds = bounds(2, 8);
    let mut open = full(&bounds);
    for place in 0..8 {
        let kept = open.admit(address(2), 1, &bounds);
        assert_eq!(kept.is_some(), place < 2, "{place}");
        if let Some(kept) = kept {
            assert!(kept.is_reserve);
            kept.mark_health_check();
        }
    }
    for n in 3..6 {
        for _ in 0..2 {
            let kept = open.admit(address(n), 1, &bounds);
            kept.expect("a slot").mark_health_check();
        }
    }
    assert!(open.admit(address(9), 1, &bounds).is_none(), "all are taken");
    let first = open.reserve.values().next().map(Arc::clone).expect("one");
    open.remove(&first);
    assert!(open.admit(address(9), 1, &bounds).is_some());
}

#[test]
fn an_address_at_its_cap_gets_no_reserved_slot() {
    let (mut open, bounds) = (Open::default(), bounds(10, 8));
    for _ in 0..2 {
        open.admit(address(1), 2, &bounds)
            .expect("a slot")
            .request_arrived();
    }
    for _ in 0..3 {
        assert!(open.admit(address(1), 2, &bounds).is_none());
    }
    assert_eq!(reserved(&open), [0; 0]);
    assert!(
        open.admit(address(2), 2, &bounds)
            .is_some_and(|one| !one.is_reserve)
    );
}

#[test]
fn a_reserved_slot_is_left_to_health_checks() {
    let bounds = bounds(2, 4);
    let mut open = full(&bounds);
    // Connections without a request; no address has more than its share.
    for n in [2, 2, 2, 3, 4, 5] {
        assert!(open.admit(address(n), 1, &bounds).is_some());
    }
    assert_eq!(
        reserved(&open),
        [5, 6, 7, 8],
        "each of the second replaced its own"
    );
    let check = open
        .admit(address(6), 1, &bounds)
        .expect("the slot of the oldest one");
    check.request_arrived();
    check.mark_health_check();
    assert_eq!(reserved(&open), [6, 7, 8, 9]);
    // It keeps its slot until it is answered, whatever arrives.
    for n in 7..12 {
        assert!(open.admit(address(n), 1, &bounds).is_some());
    }
    assert_eq!(reserved(&open), [9, 12, 13, 14]);
    assert!(open.admit(address(6), 1, &bounds).is_none(), "its own one waits");
    check.answered();
    check.lingers();
    assert!(open.admit(address(12), 1, &bounds).is_some());
    assert_eq!(reserved(&open), [12, 13, 14, 15]);
}

#[test]
fn an_address_at_its_cap_is_logged_at_intervals() {
    let (mut open, bounds) = (Open::default(), bounds(10, 0));
    for _ in 0..2 {
        assert!(!open.reports_cap(address(1), 2, &bounds));
        open.admit(address(1), 2, &bounds).expect("a slot");
    }
    assert!(open.reports_cap(address(1), 2, &bounds));
    for _ in 0..3 {
        assert!(!open.reports_cap(address(1), 2, &bounds), "not again at once");
    }
    open.reported = None;
    assert!(!open.reports_cap(address(2), 2, &bounds), "another");
    assert!(!open.reports_cap(address(1), 10, &bounds), "it may have all");
}
