//! The time that servers share with their database (S77).

use crate::database::{Database, both};
use babysea::server::{
    app::follow_database,
    clock::{Clock as _, HostClock},
};
use std::time::{Duration, Instant};

const FIVE_MINUTES: Duration = Duration::from_mins(5);

both!(
    a_host_that_is_wrong_goes_by_postgresql,
    async |database: Database| {
        let store = database.open().await;
        for ahead in [true, false] {
            let clock = HostClock::default();
            let host = clock.now();
            let wrong = if ahead {
                host.plus(FIVE_MINUTES)
            } else {
                host.minus(FIVE_MINUTES)
            };
            clock.follow(wrong, Instant::now());
            follow_database(&store, &clock).await.expect("an answer");
            let now = clock.now();
            if !database.is_postgres() {
                let span = if ahead { now.since(host) } else { host.since(now) };
                assert!(
                    span > Duration::from_mins(4),
                    "SQLite has no clock of its own: {span:?}"
                );
                continue;
            }
            let sql = "SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)";
            let told = database.number(sql).await;
            let off = (told - clock.now().millis()).abs();
            assert!(off <= 1000, "{off} ms off");
        }
    }
);
