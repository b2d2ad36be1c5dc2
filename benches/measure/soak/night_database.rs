//! A faulty database under load (docs/security.md, S72, S75, S76, S94): six faults of PostgreSQL, under two
//! servers, and a full disk of SQLite. Compares the responses of each second with the expected ones.
//!
//! `SPAN` is the duration of a fault in seconds, `ROUNDS` how often the disk is full, `SCENARIO` a part of
//! the names of the scenarios to run.

mod disk;
mod fault;
mod keys;
mod load;
mod request;
mod seen;
mod table;

use super::{Failure, Target, control::Control, report};
use crate::program::Program;
use fault::Fault;
use keys::Keys;
use load::Load;
use request::Column;
use seen::Seen;
use std::time::{Duration, Instant};
use tokio::time::sleep;

/// Warm-up, in which keys are cached.
const BEFORE: Duration = Duration::from_secs(3);
/// Time after which `/readyz` must show the fault: it reuses the result of a write probe for two seconds.
const SETTLED: Duration = Duration::from_secs(3);
/// Time after the fault within which all responses must be right again. They must stay right for as long.
const WELL: Duration = Duration::from_secs(5);
/// Margin of the measurement, added to a bound.
const MARGIN: Duration = Duration::from_millis(300);
/// How long the whole part may take.
const WHOLE: Duration = Duration::from_mins(15);

/// Every scenario on every engine.
pub async fn run() -> Result<(), Failure> {
    let began = Instant::now();
    let chosen = std::env::var("SCENARIO").unwrap_or_default();
    let span = Duration::from_secs(number("SPAN", 20)?);
    if super::engine().as_deref() != Some("sqlite")
        && let Some(control) = Control::find()
    {
        for fault in Fault::ALL {
            if fault.name().contains(&chosen) {
                scenario(fault, &control, span).await?;
            }
        }
    }
    if disk::NAME.contains(&chosen)
        && let Some(target) = Target::sqlite()?
    {
        disk::run(&target, number("ROUNDS", 10)?).await?;
    }
    let took = began.elapsed();
    let bound = crate::judged(took < WHOLE, format!("< {WHOLE:?}"));
    println!("The whole part: {took:.0?}, {bound}");
    Ok(())
}

/// The number in an environment variable, or its default.
fn number(name: &str, usual: u64) -> Result<u64, Failure> {
    match std::env::var(name) {
        Ok(given) if !given.is_empty() => match given.parse() {
            Ok(number @ 1..) => Ok(number),
            _ => Err(format!("{name} must be a number from 1 on").into()),
        },
        _ => Ok(usual),
    }
}

/// Starts a server whose limits are too high to interfere.
async fn start(target: &Target) -> Result<Program, Failure> {
    let settings = [
        ("RATE_LIMIT", "none"),
        ("AUTH_LIMIT", "1000000000"),
        ("SIGN_UP_LIMIT", "none"),
        ("MAX_KEYS", "1000000"),
    ];
    Program::start_with(&target.database, target.folder.path(), &[], &settings).await
}

async fn scenario(fault: Fault, control: &Control, span: Duration) -> Result<(), Failure> {
    if !fault.prepare(control).await? {
        println!(
            "PostgreSQL: {} was left out: libfaketime is missing (scripts/install.sh night)",
            fault.name()
        );
        return Ok(());
    }
    let name = fault.name().replace([' ', '-'], "_");
    let Some(target) = Target::postgres(&format!("night_{name}")).await? else {
        return Ok(());
    };
    let in_all = BEFORE + span + WELL * 4;
    let mut keys = Keys::make(&target, in_all, 2).await?;
    let servers = [start(&target).await?, start(&target).await?];
    keys.end_some(servers[0].address).await?;
    let load = Load::start(&servers.each_ref().map(|server| server.address), keys);
    sleep(BEFORE).await;
    let began = Instant::now();
    let fallen = fault.begin(control).await?;
    let fell = Instant::now();
    sleep(span).await;
    let ending = Instant::now();
    fallen.end(control).await?;
    let mended = Instant::now();
    sleep(WELL * 2).await;
    let (seen, keys) = load.finish().await;
    // Its cache is empty.
    let another = start(&target).await?;
    let kept = keys.compare(another.address).await?;
    table::print_seconds(fault.name(), began, BEFORE, &seen);
    println!(
        "PostgreSQL was made so in {:.1} s, and mended in {:.1} s after {:.1} s\n",
        (fell - began).as_secs_f64(),
        (mended - ending).as_secs_f64(),
        (ending - began).as_secs_f64()
    );
    let line = |what: &str, measured: &str, holds: bool, bound: &str| {
        report(
            &target,
            &format!("{}: {what}", fault.name()),
            measured,
            holds,
            bound,
        );
    };
    if let Some(expected) = fault.expects() {
        let unlike = seen.unlike(fell + SETTLED, ending, expected);
        let what = format!("answers other than {} meanwhile", Fault::in_words(expected));
        line(&what, &unlike, unlike == "0", "0");
    }
    judge(&seen, line);
    let after = seen.last_refused(mended, Instant::now());
    line("the last 503 after it", &seconds(after), after < WELL, "< 5 s");
    line(&kept.what, &kept.missing, kept.missing == "0", "0");
    drop((servers, another));
    fault.finish(control).await
}

/// Bounds that hold during any fault.
fn judge(seen: &Seen, line: impl Fn(&str, &str, bool, &str)) {
    let wrong = seen.wrong();
    let what = format!("wrong answers, of {}", seen.len());
    line(&what, &wrong, wrong == "0", "0");
    for (column, limit) in [
        (Column::Checks, Duration::from_millis(1_500)),
        (Column::Changes, Duration::from_secs(3)),
        (Column::Page, Duration::from_secs(5)),
        (Column::Ready, Duration::from_millis(1_500)),
        (Column::ReadyForChecks, Duration::from_millis(1_500)),
    ] {
        let longest = seen.longest(column);
        let bound = limit + MARGIN;
        line(
            &format!("the longest answer, {}", column.name()),
            &seconds(longest),
            longest < bound,
            &format!("< {}", seconds(bound)),
        );
    }
}

/// As text.
fn seconds(time: Duration) -> String {
    format!("{:.2} s", time.as_secs_f64())
}
