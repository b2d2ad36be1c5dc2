//! Keys that are held in memory while PostgreSQL is away (docs/security.md, S75). The file of SQLite is always there.

use crate::{
    browser::Browser,
    database::Database,
    world::{Setup, World},
};
use std::time::{Duration, Instant};
use tokio::time::sleep;

/// More than the second for which keys in memory are good, on a busy machine too.
const PATIENCE: Duration = Duration::from_secs(20);

async fn away(arguments: &'static [&'static str]) -> Option<(World, String)> {
    let setup = Setup {
        arguments,
        ..Setup::default()
    };
    let world = World::with(Database::postgres().await?, setup).await;
    let ada: Browser<'_> = world.person("Ada Moss").await;
    let (held, other) = (
        ada.key("held", "full_access").await,
        ada.key("other", "full_access").await,
    );
    assert_eq!(world.status(&held).await.status, 200);
    world.app.recorder.flush().await;
    world.app.store.close().await;
    assert_eq!(world.status(&other).await.status, 503, "it was never in memory");
    Some((world, held))
}

/// The first answer to the key that `is_it`; every one before has this status.
async fn until(world: &World, key: &str, before: u16, is_it: impl Fn(u16) -> bool) -> u16 {
    let began = Instant::now();
    loop {
        let status = world.status(key).await.status;
        if is_it(status) {
            return status;
        }
        assert_eq!(status, before);
        assert!(began.elapsed() < PATIENCE, "nothing else than {status}");
        sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_key_in_memory_is_good_for_a_second_and_then_nobody_is_let_through() {
    let Some((world, held)) = away(&[]).await else {
        return;
    };
    assert_eq!(until(&world, &held, 200, |status| status != 200).await, 503);
    assert_eq!(world.app.stale_uses.load(std::sync::atomic::Ordering::Relaxed), 0);
}

#[tokio::test]
async fn for_as_long_as_was_allowed_it_is_judged_by_what_was_known() {
    let Some((world, held)) = away(&["--stale-if-db-down", "1"]).await else {
        return;
    };
    let stale = || world.app.stale_uses.load(std::sync::atomic::Ordering::Relaxed);
    until(&world, &held, 200, |_| stale() > 0).await;
    assert_eq!(until(&world, &held, 200, |status| status != 200).await, 503);
}
