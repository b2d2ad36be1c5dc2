//! Revocations under faults (docs/security.md, S73, S74, S76): while another server is paused, resumes or is
//! inside a change, by two servers at once, and by a command. No check that starts after the response is
//! accepted.
//!
//! On PostgreSQL four groups of three servers, each with a database of its own, run side by side. A group takes the next
//! round from a count that all share; every round has its own key, and its own stop (SIGSTOP, SIGCONT) of a server of that
//! group. Stops take 0.3 to 5 s, more often short: 1.1 s at the mean. All of it happens with flushes that PostgreSQL delays
//! by 0, 15 and 40 ms (`commit_delay`, which takes effect where PostgreSQL flushes: `make soak` sees to that).

mod checks;
mod command;
mod group;
mod scenario;

use super::{Failure, Target, percentile, report, report_whole, rounds};
use checks::Seen;
use group::Group;
use scenario::Scenario;
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection};
use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::{task::JoinSet, time::sleep};

/// Microseconds by which each flush is delayed.
const DELAYS: [u32; 3] = [0, 15_000, 40_000];
const GROUPS: usize = 4;
const ROUNDS: u32 = 100;
/// Number of revocations without a fault, one by one.
const UNDISTURBED: u32 = 30;
/// Maximum duration of a revocation, whatever another server does.
const LONGEST: Duration = Duration::from_secs(3);
/// Maximum median, without faults and delayed flushes.
const USUAL: Duration = Duration::from_millis(50);

/// A command revokes keys beside the server of an SQLite file.
pub async fn run_sqlite(target: &Target) -> Result<(), Failure> {
    let began = Instant::now();
    command::run(target).await?;
    report_whole(target, began);
    Ok(())
}

/// Servers that share PostgreSQL.
pub async fn run_postgres(target: Target) -> Result<(), Failure> {
    let began = Instant::now();
    let mut groups = Vec::new();
    for n in 0..GROUPS {
        let database = target.another(&format!("revocation_{n}")).await?;
        groups.push(Arc::new(Group::start(database).await?));
    }
    let mut admin = PgConnection::connect(&target.database).await?;
    let done = delays(&target, &groups, &mut admin).await;
    // Also if a round failed.
    reset_delay(&mut admin).await?;
    admin.close().await?;
    done?;
    for group in groups {
        let group = Arc::into_inner(group).ok_or("a round is still running")?;
        group.stop().await?;
    }
    report_whole(&target, began);
    target.remove().await
}

async fn delays(target: &Target, groups: &[Arc<Group>], admin: &mut PgConnection) -> Result<(), Failure> {
    let rounds = rounds(ROUNDS)?;
    let fsync: String = sqlx::query_scalar("SHOW fsync").fetch_one(&mut *admin).await?;
    if fsync != "on" {
        println!("PostgreSQL does not flush: commit_delay has no effect without POSTGRES_DURABLE=1");
    }
    for delay in DELAYS {
        set_delay(admin, delay).await?;
        let delay = delay / 1_000;
        undisturbed(target, groups, delay).await?;
        for scenario in Scenario::ALL {
            let mut seen = run(groups, rounds, scenario).await?;
            print(target, scenario, rounds, delay, &mut seen);
        }
    }
    Ok(())
}

/// Runs the rounds of a scenario, as many at once as there are groups.
async fn run(groups: &[Arc<Group>], rounds: u32, scenario: Scenario) -> Result<Seen, Failure> {
    let next = Arc::<AtomicU32>::default();
    let mut running = JoinSet::new();
    for group in groups {
        let (group, next) = (Arc::clone(group), Arc::clone(&next));
        running.spawn(async move {
            let mut seen = Seen::default();
            loop {
                let round = next.fetch_add(1, Ordering::Relaxed);
                if round >= rounds {
                    return Ok::<_, Failure>(seen);
                }
                let mut one = scenario.round(&group, round).await?;
                one.report(scenario.name(), round);
                seen.add(one);
            }
        });
    }
    let mut seen = Seen::default();
    while let Some(done) = running.join_next().await {
        seen.add(done??);
    }
    Ok(seen)
}

async fn undisturbed(target: &Target, groups: &[Arc<Group>], delay: u32) -> Result<(), Failure> {
    let Some(group) = groups.first() else {
        return Ok(());
    };
    let count = rounds(UNDISTURBED)?;
    let (mut took, mut wrong) = (Vec::new(), 0);
    for _ in 0..count {
        let key = group.key(0).await?;
        sleep(Duration::from_millis(50)).await;
        let answer = group.revoke(group::A, 0, &key).await;
        wrong += usize::from(answer.status != 200);
        took.push(answer.took);
    }
    let (median, longest) = (percentile(&mut took, 50), percentile(&mut took, 100));
    report(
        target,
        &format!("S73, delay {delay} ms: {count} revocations undisturbed, p50, max"),
        times(median, longest),
        wrong == 0 && longest < LONGEST && (delay > 0 || median < USUAL),
        if delay == 0 {
            "p50 < 50 ms, max < 3 s"
        } else {
            "max < 3 s"
        },
    );
    Ok(())
}

fn print(target: &Target, scenario: Scenario, rounds: u32, delay: u32, seen: &mut Seen) {
    let name = scenario.name();
    report(
        target,
        &format!("S73, delay {delay} ms, {name}: accepted of {}", seen.after),
        seen.accepted,
        seen.accepted == 0 && seen.after > 0,
        "0",
    );
    let (median, longest) = (percentile(&mut seen.took, 50), percentile(&mut seen.took, 100));
    report(
        target,
        &format!("S73, delay {delay} ms, {name}: answered after, p50, max"),
        times(median, longest),
        longest < LONGEST,
        "max < 3 s",
    );
    report(
        target,
        &format!("S73, delay {delay} ms, {name}: {rounds} rounds, not 200"),
        seen.wrong,
        seen.wrong == 0,
        "0",
    );
    if scenario == Scenario::Inside {
        report(
            target,
            &format!("S76, delay {delay} ms, {name}: with an open transaction"),
            format!("{} of {rounds}", seen.inside),
            seen.inside * 2 > rounds,
            "most",
        );
    }
}

fn times(median: Duration, longest: Duration) -> String {
    format!("{}, {} ms", median.as_millis(), longest.as_millis())
}

/// Makes PostgreSQL wait before each flush, also if no other transaction writes.
async fn set_delay(admin: &mut PgConnection, delay: u32) -> Result<(), Failure> {
    let set = AssertSqlSafe(format!("ALTER SYSTEM SET commit_delay = {delay}"));
    admin.execute(set).await?;
    admin.execute("ALTER SYSTEM SET commit_siblings = 0").await?;
    reload(admin).await
}

async fn reset_delay(admin: &mut PgConnection) -> Result<(), Failure> {
    admin.execute("ALTER SYSTEM RESET commit_delay").await?;
    admin.execute("ALTER SYSTEM RESET commit_siblings").await?;
    reload(admin).await
}

async fn reload(admin: &mut PgConnection) -> Result<(), Failure> {
    admin.execute("SELECT pg_reload_conf()").await?;
    // Each session reads the setting before its next statement.
    sleep(Duration::from_millis(500)).await;
    Ok(())
}
