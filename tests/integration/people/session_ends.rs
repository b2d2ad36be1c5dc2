//! When sessions expire (S11), and when they are deleted (S14).

use crate::{
    database::{Database, both},
    world::{Setup, World},
};
use babysea::server::jobs;
use std::time::Duration;

/// In milliseconds.
const HOUR: u64 = 3_600_000;
const DAY: u64 = 24 * HOUR;

const SEEN: &str = "SELECT last_seen_at FROM sessions";

both!(
    a_session_that_is_not_used_ends_after_eight_hours,
    async |database: Database| {
        let world = World::on(database).await;
        let person = world.person("Ada Moss").await;
        world.advance(8 * HOUR - 1);
        assert_eq!(person.get(&person.keys()).await.status, 200);
        // That was a use, so the idle time of eight hours starts again.
        world.advance(8 * HOUR - 1);
        assert_eq!(person.get(&person.keys()).await.status, 200);
        world.advance(8 * HOUR);
        assert!(!person.is_signed_in().await);
    }
);

both!(every_session_ends_after_seven_days, async |database: Database| {
    let world = World::on(database).await;
    let person = world.person("Ada Moss").await;
    for _ in 0..23 {
        world.advance(7 * HOUR);
        assert_eq!(person.get(&person.keys()).await.status, 200);
    }
    world.advance(7 * DAY - 23 * 7 * HOUR - 1);
    assert!(person.is_signed_in().await);
    world.advance(1);
    assert!(!person.is_signed_in().await);
});

#[tokio::test]
async fn the_two_ends_can_be_configured() {
    let setup = Setup {
        arguments: &["--session-idle-hours", "1", "--session-max-days", "1"],
        ..Setup::default()
    };
    let world = World::with(Database::sqlite(), setup).await;
    let (idle, busy) = (world.person("Ada Moss").await, world.person("Bea Reef").await);
    for _ in 0..47 {
        world.advance(HOUR / 2);
        assert!(busy.is_signed_in().await);
    }
    assert!(!idle.is_signed_in().await);
    world.advance(HOUR / 2);
    assert!(!busy.is_signed_in().await);
}

both!(
    a_session_in_use_is_touched_at_most_once_a_minute,
    async |database: Database| {
        let world = World::on(database).await;
        let person = world.person("Ada Moss").await;
        let start = world.database.number(SEEN).await;
        for (advance, seen) in [(0, 0), (59_999, 0), (1, 60_000), (59_999, 60_000), (1, 120_000)] {
            world.advance(advance);
            assert_eq!(person.get(&person.keys()).await.status, 200);
            world.app.recorder.flush().await;
            assert_eq!(world.database.number(SEEN).await - start, seen);
        }
    }
);

both!(
    the_purge_deletes_what_ended_and_nothing_else,
    async |database: Database| {
        let world = World::on(database).await;
        world.person("Ada Moss").await;
        world.advance(4 * HOUR);
        let alive = world.person("Bea Reef").await;
        assert_eq!(jobs::purge_sessions(&world.app).await.expect("purged"), 0);
        world.advance(4 * HOUR - 1);
        assert_eq!(jobs::purge_sessions(&world.app).await.expect("purged"), 0);
        world.advance(1);
        assert_eq!(jobs::purge_sessions(&world.app).await.expect("purged"), 1);
        assert!(alive.is_signed_in().await);
    }
);

both!(a_failing_purge_is_tried_again, async |database: Database| {
    let world = World::on(database).await;
    world.person("Ada Moss").await;
    world.advance(8 * HOUR);
    world
        .database
        .execute("ALTER TABLE sessions RENAME TO gone")
        .await;
    assert!(jobs::purge_sessions(&world.app).await.is_err());
    world
        .database
        .execute("ALTER TABLE gone RENAME TO sessions")
        .await;
    assert_eq!(jobs::purge_sessions(&world.app).await.expect("purged"), 1);
});

#[tokio::test]
async fn a_failing_database_does_not_end_the_purge_task() {
    let world = World::sqlite().await;
    world.app.store.close().await;
    // A closed database refuses at once, so only the pauses between purges take time.
    tokio::time::pause();
    let purges = jobs::run(world.app.clone());
    let ended = tokio::time::timeout(Duration::from_hours(2), purges).await;
    assert!(
        ended.is_err(),
        "every purge of two hours failed, and the next one follows"
    );
}
