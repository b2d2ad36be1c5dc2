//! The time that servers share with their database (S77).

use crate::database::{Database, both};
use babysea::server::runtime::clock::{Clock, HostClock, Uptime};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};

const FIVE_MINUTES: Duration = Duration::from_mins(5);
const TOLD: &str = "SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)";

/// Difference between the clock and the database's, in milliseconds.
async fn off(database: &Database, clock: &HostClock) -> u64 {
    database.number(TOLD).await.abs_diff(clock.now().millis())
}

/// A clock that is five minutes wrong.
fn wrong(ahead: bool) -> HostClock {
    let clock = HostClock::default();
    let host = clock.now();
    let told = if ahead {
        host.plus(FIVE_MINUTES)
    } else {
        host.minus(FIVE_MINUTES)
    };
    clock.follow(told, Uptime::now());
    clock
}

both!(
    a_wrong_host_clock_follows_postgresql,
    async |database: Database| {
        for ahead in [true, false] {
            let store = database.open().await;
            let clock = Arc::new(wrong(ahead));
            let follower = Arc::clone(&clock);
            let told = store.watch_clock(move |told, at| follower.follow(told, at)).await;
            told.expect("an answer");
            if database.is_postgres() {
                let off = off(&database, &clock).await;
                assert!(off <= 1000, "{off} ms off");
            } else {
                let host = HostClock::default().now().millis();
                let off = host.abs_diff(clock.now().millis());
                assert!(off > 240_000, "SQLite has no clock of its own: {off} ms");
                store.close().await;
                drop(store);
                return;
            }
        }
    }
);

#[tokio::test]
#[ignore = "needs PostgreSQL: scripts/with-postgres.sh cargo test"]
async fn the_clock_is_right_after_sleep_with_the_next_poll() {
    let database = Database::postgres().await;
    let store = database.open().await;
    let clock = Arc::new(HostClock::default());
    let (looks, mut looked) = tokio::sync::mpsc::unbounded_channel();
    let follower = Arc::clone(&clock);
    let told = store.watch_clock(move |told, at| {
        follower.follow(told, at);
        let _ = looks.send(());
    });
    told.await.expect("an answer");
    for _ in 0..3 {
        // As if this clock had stood still for five minutes.
        clock.follow(clock.now().minus(FIVE_MINUTES), Uptime::now());
        while looked.try_recv().is_ok() {}
        let began = Instant::now();
        looked.recv().await.expect("a look");
        let (took, off) = (began.elapsed(), off(&database, &clock).await);
        assert!(off <= 1000, "{off} ms off");
        assert!(took < Duration::from_secs(1), "the next look came after {took:?}");
    }
}
