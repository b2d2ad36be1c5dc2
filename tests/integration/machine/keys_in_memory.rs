//! The cache of keys, also while PostgreSQL is unavailable (docs/security.md, S75). An SQLite file is always available.

use crate::{
    browser::Browser,
    database::{Database, both},
    until,
    world::{Setup, World},
};

/// A number among the metrics.
fn metric(world: &World, name: &str) -> u64 {
    let text = world.app.metrics.text(&world.app.gauges()).expect("metrics");
    let mut lines = text.lines();
    let value = lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    value.and_then(|value| value.parse().ok()).expect("a number")
}

both!(a_cached_key_stays_cached, async |database: Database| {
    let world = World::on(database).await;
    let ada = world.person("Ada Moss").await;
    let key = ada.key("one", "full_access").await;
    let looked_up = || metric(&world, "babysea_keys_from_database_total");
    // On a busy machine a poll can be late. Then the key is looked up once more.
    until::until("three checks in a row that need no database", async || {
        let before = looked_up();
        for _ in 0..3 {
            assert_eq!(world.status(&key).await.status, 200);
        }
        before > 0 && looked_up() == before
    })
    .await;
    assert!(metric(&world, "babysea_keys_from_memory_total") >= 3);
    // Dropped from the cache, it is looked up again.
    let before = looked_up();
    world.app.store.changes().drop_all();
    assert_eq!(world.status(&key).await.status, 200);
    assert_eq!(looked_up(), before + 1);
});

async fn away(arguments: &'static [&'static str]) -> (World, String) {
    let setup = Setup {
        arguments,
        ..Setup::default()
    };
    let world = World::with(Database::postgres().await, setup).await;
    let ada: Browser<'_> = world.person("Ada Moss").await;
    let (held, other) = (
        ada.key("held", "full_access").await,
        ada.key("other", "full_access").await,
    );
    assert_eq!(world.status(&held).await.status, 200);
    world.app.recorder.flush().await;
    world.app.store.close().await;
    assert_eq!(world.status(&other).await.status, 503, "it was never in memory");
    (world, held)
}

/// The first status for the key that satisfies `is_it`; all before it are `before`.
async fn until(world: &World, key: &str, before: u16, is_it: impl Fn(u16) -> bool) -> u16 {
    let mut status = before;
    until::until(&format!("another answer than {before}"), async || {
        assert_eq!(status, before);
        status = world.status(key).await.status;
        is_it(status)
    })
    .await;
    status
}

#[tokio::test]
#[ignore = "needs PostgreSQL: scripts/with-postgres.sh cargo test"]
async fn a_cached_key_is_accepted_for_a_second_and_then_refused() {
    let (world, held) = away(&[]).await;
    assert_eq!(until(&world, &held, 200, |status| status != 200).await, 503);
    assert_eq!(world.app.stale_uses.load(std::sync::atomic::Ordering::Relaxed), 0);
}

#[tokio::test]
#[ignore = "needs PostgreSQL: scripts/with-postgres.sh cargo test"]
async fn cached_keys_are_used_while_stale_keys_are_allowed() {
    let (world, held) = away(&["--stale-if-db-down", "1"]).await;
    let stale = || world.app.stale_uses.load(std::sync::atomic::Ordering::Relaxed);
    until(&world, &held, 200, |_| stale() > 0).await;
    assert_eq!(until(&world, &held, 200, |status| status != 200).await, 503);
}

#[tokio::test]
#[ignore = "needs PostgreSQL: scripts/with-postgres.sh cargo test"]
async fn a_cached_key_does_not_queue_behind_unknown_keys() {
    let (world, held) = away(&["--stale-if-db-down", "300", "--auth-limit", "1"]).await;
    // Malformed keys count as unknown ones, and need no database.
    for status in [401, 429] {
        assert_eq!(world.status("bye_x").await.status, status);
    }
    let _permit = world.app.suspects.acquire().await.expect("the only permit");
    let stale = || world.app.stale_uses.load(std::sync::atomic::Ordering::Relaxed);
    until(&world, &held, 200, |_| stale() > 0).await;
}
