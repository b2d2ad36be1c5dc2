//! Servers that share PostgreSQL tell each other which changes of keys they have noted (docs/security.md, S73, S74).

use super::{Changes, changes::SYNC_HOLDS};
use crate::domain::time::Timestamp;
use sqlx::{Connection as _, PgConnection, PgPool};
use std::{
    sync::{Arc, Weak},
    time::{Duration, Instant},
};
use tokio::time::{sleep, timeout};

/// How often each server looks.
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// How often it is asked whether the others have noted a change.
const ASK_EVERY: Duration = Duration::from_millis(20);

/// An answer about the time that took longer is not gone by; half of it is how wrong it may be.
const CLOCK_ANSWER: Duration = Duration::from_secs(1);

/// The last thing a transaction does, so that those that change the same keys in another order do not wait for each
/// other here.
const NEXT_EPOCH: &str = "UPDATE key_changes SET epoch = epoch + 1 WHERE id = 1 RETURNING epoch";
/// Says how far this server is, and reads how far there is to go and what time it is.
const LOOK: &str = "WITH said AS (
        INSERT INTO servers (id, epoch, seen_at)
        VALUES ($1, $2, CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT))
        ON CONFLICT (id) DO UPDATE SET epoch = excluded.epoch, seen_at = excluded.seen_at
    ) SELECT epoch, CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT) FROM key_changes WHERE id = 1";
/// Others that may still use what they hold from before a change.
const BEHIND: &str = "SELECT COUNT(*) FROM servers WHERE id <> $1 AND epoch < $2
    AND seen_at > CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT) - $3";
const FORGET: &str = "DELETE FROM servers
    WHERE seen_at < CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT) - 3600000";

/// The number of a change that is about to be committed.
pub(super) async fn next_epoch(tx: &mut PgConnection) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar(NEXT_EPOCH).fetch_one(tx).await
}

/// Waits until no other server uses what it held before the change: all have noted it, or cannot have looked at the
/// database for so long that they use nothing they hold.
pub(super) async fn wait_for_others(pool: &PgPool, changes: &Changes, epoch: i64) {
    let all = async {
        loop {
            let behind = sqlx::query_scalar::<_, i64>(BEHIND)
                .bind(&changes.server)
                .bind(epoch)
                .bind(i64::try_from(SYNC_HOLDS.as_millis()).unwrap_or(i64::MAX))
                .fetch_one(pool)
                .await;
            if let Ok(0) = behind {
                return;
            }
            sleep(ASK_EVERY).await;
        }
    };
    let _ = timeout(SYNC_HOLDS, all).await;
}

/// Forgets servers that are gone.
pub(super) async fn forget_gone(pool: &PgPool) -> Result<(), sqlx::Error> {
    sqlx::query(FORGET).execute(pool).await.map(|_| ())
}

/// Looks once.
pub(super) async fn look(conn: &mut PgConnection, changes: &Changes) -> Result<(), sqlx::Error> {
    let asked = Instant::now();
    let (epoch, millis): (i64, i64) = sqlx::query_as(LOOK)
        .bind(&changes.server)
        .bind(changes.epoch())
        .fetch_one(conn)
        .await?;
    let took = asked.elapsed();
    changes.looked(epoch, asked);
    if took < CLOCK_ANSWER {
        changes.told(Timestamp::from_millis(millis), asked + took / 2);
    }
    Ok(())
}

/// Looks for as long as the store is in use, on a connection of its own: while all of the pool are busy, the keys in
/// memory are still good.
pub(super) async fn keep_looking(pool: PgPool, changes: Weak<Changes>) {
    let (mut is_away, mut own) = (false, None);
    while let Some(changes) = Weak::upgrade(&changes) {
        if pool.is_closed() {
            return;
        }
        let epoch = changes.epoch();
        // One that hangs is given up, and its connection with it.
        let next = async {
            let mut conn = match own.take() {
                Some(conn) => conn,
                None => PgConnection::connect_with(&pool.connect_options()).await?,
            };
            look(&mut conn, &changes).await?;
            own = Some(conn);
            Ok::<_, sqlx::Error>(())
        };
        let looked = timeout(SYNC_HOLDS, next).await;
        let failed = !matches!(looked, Ok(Ok(())));
        if failed != is_away {
            is_away = failed;
            if failed {
                tracing::warn!("the database does not answer: keys are looked up one by one until it does");
            } else {
                tracing::info!("the database answers again");
            }
        }
        // Whoever made a change waits to hear that it was noted.
        let noted = changes.epoch() != epoch;
        drop(changes);
        if !noted {
            sleep(LOOK_EVERY).await;
        }
    }
}

/// Starts to look.
pub(super) fn start(pool: &PgPool, changes: &Arc<Changes>) {
    tokio::spawn(keep_looking(pool.clone(), Arc::downgrade(changes)));
}
