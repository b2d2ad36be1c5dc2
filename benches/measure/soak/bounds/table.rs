//! The table of all scenarios, with each result compared to its bound.

use super::{
    Scenario,
    attack::Attack,
    others::{Kind, Seen},
};
use crate::{judged, soak::milliseconds};
use std::time::Duration;

/// How much the p99 of checks of other keys may grow, compared with an idle server.
const CHECKS: Duration = Duration::from_millis(50);
/// Maximum p99 of changes and sign-ins of others.
const CHANGES: Duration = Duration::from_secs(1);
/// Maximum growth of the server in megabytes, without the memory of the password hasher.
const MEMORY: u32 = 64;
/// Megabytes for each hash in progress, and their maximum number.
const PLACE: u32 = 19;
const PLACES: usize = 4;
/// Bytes of SQLite's write-ahead log.
const WAL: u64 = 100 * 1024 * 1024;
/// Maximum number of rows that anonymous clients may cause: sixteen addresses may each fail to sign in 20
/// times a minute, in the two minutes that the scenario touches, with three rows a failure.
const STRANGERS: i64 = 1_921;

/// Results of other clients on the idle server.
struct Reference {
    known: Duration,
    fresh: Duration,
    memory: f64,
}

/// Prints the table in Markdown. The first scenario is the reference; a result that breaks its bound has a
/// `!`.
pub fn print(engine: &str, rows: u64, scenarios: &mut [Scenario]) {
    let Some(idle) = scenarios.first_mut() else {
        return;
    };
    let reference = Reference {
        known: idle.seen.percentile(Kind::Known, 99),
        fresh: idle.seen.percentile(Kind::Fresh, 99),
        memory: idle.seen.memory,
    };
    let memory = MEMORY + PLACE * u32::try_from(places()).unwrap_or(PLACE);
    println!("\nPart bounds, {engine}, two logs of {rows} rows, p50 / p99 of what others get:\n");
    println!(
        "| meanwhile | busy key | in memory | not in memory | create | revoke | sign in | refused | `/readyz` | memory grown | WAL | strangers' rows | dropped |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|---|---|---|");
    println!(
        "| bound | | idle p99 + {0} ms | idle p99 + {0} ms | p99 < {1:?} | p99 < {1:?} | p99 < {1:?} | 0 | 0 | < {memory} MB | < {2} MB | < {STRANGERS} | 0 while rows are deleted |",
        CHECKS.as_millis(),
        CHANGES,
        WAL / 1024 / 1024
    );
    for scenario in scenarios.iter_mut() {
        println!(
            "| {} | {} |",
            scenario.attack.name(),
            cells(engine, scenario, &reference, f64::from(memory)).join(" | ")
        );
    }
    println!();
    for scenario in scenarios {
        for (what, measured, holds, bound) in &scenario.outcome.bounds {
            let bound = judged(*holds, bound.clone());
            let what = format!("{}: {what}", scenario.attack.name());
            println!("{engine:<11} {what:<58} {measured:>14}  {bound}");
        }
    }
}

fn cells(engine: &str, scenario: &mut Scenario, idle: &Reference, memory: f64) -> Vec<String> {
    let seen = &mut scenario.seen;
    let mut cells = vec![both(seen, Kind::Busy).1];
    for (kind, idle) in [(Kind::Known, idle.known), (Kind::Fresh, idle.fresh)] {
        let (p99, both) = both(seen, kind);
        cells.push(judged(p99 <= idle + CHECKS, both));
    }
    for kind in [Kind::Create, Kind::Revoke, Kind::SignIn] {
        let (p99, both) = both(seen, kind);
        cells.push(judged(p99 < CHANGES, both));
    }
    let asked = [
        Kind::Busy,
        Kind::Known,
        Kind::Fresh,
        Kind::Create,
        Kind::Revoke,
        Kind::SignIn,
    ];
    for kinds in [&asked[..], &[Kind::Ready]] {
        let (none, refused) = seen.refused(kinds);
        cells.push(judged(none, refused));
    }
    let grown = seen.memory - idle.memory;
    let first = scenario.attack == Attack::Idle;
    cells.push(if first {
        format!("{:.1} MB in all", seen.memory)
    } else {
        judged(grown < memory, format!("{grown:.1} MB"))
    });
    cells.push(if engine == "SQLite" {
        judged(seen.wal < WAL, format!("{} MB", seen.wal / 1024 / 1024))
    } else {
        String::new()
    });
    cells.push(judged(
        scenario.strangers < STRANGERS,
        scenario.strangers.to_string(),
    ));
    let dropped = scenario.dropped.to_string();
    cells.push(if scenario.attack.is_long() {
        judged(scenario.dropped == 0, dropped)
    } else {
        dropped
    });
    cells
}

/// The p99, and both times as text.
fn both(seen: &mut Seen, kind: Kind) -> (Duration, String) {
    let (p50, p99) = (seen.percentile(kind, 50), seen.percentile(kind, 99));
    (p99, format!("{} / {}", milliseconds(p50), milliseconds(p99)))
}

/// Number of passwords that the server hashes at once.
fn places() -> usize {
    std::thread::available_parallelism()
        .map_or(1, usize::from)
        .min(PLACES)
}
