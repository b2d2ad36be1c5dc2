//! How servers that share a database, and the commands beside them, tell each other which keys were changed
//! (docs/security.md, S73, S74). Each change has a number, the next of a counter. docs/decisions/0008 proves why no server
//! uses what it held before a change once that change has been answered.

mod acknowledged;
#[cfg(test)]
mod model;
pub(super) mod postgres;
pub(super) mod sqlite;

use super::invalidation::{Found, KNOWN_BY};
use crate::{
    domain::ids::KeyId,
    server::store::{Conn, StoreError, Tables as _, answered, on},
};
use std::{collections::BTreeSet, time::Duration};
use tokio::time::{sleep, timeout};

/// How often a command asks whether the servers have noted its change.
const ASK_EVERY: Duration = Duration::from_millis(20);
/// Changed keys that a look reads. With more of them it lets go of all keys.
const MOST: usize = 4_096;

/// The counter, and the keys of the changes after one that is known. One statement, which sees one state.
const CHANGED: &str = "SELECT c.epoch, k.epoch, k.key_id FROM key_changes c
    LEFT JOIN changed_keys k ON k.epoch > $1 AND k.epoch <= c.epoch
    WHERE c.id = 1 LIMIT 4097";
const EPOCH: &str = "SELECT epoch FROM key_changes WHERE id = 1";
/// What the slowest server has noted; nothing where there is no server.
const LEAST: &str = "SELECT MIN(epoch) FROM servers";

/// Gives the change of these keys its number, as the last thing of its transaction: those that change the same keys in
/// another order must not wait for each other here. Numbers are committed in their order, since each locks the counter.
pub(super) async fn number(conn: Conn<'_>, keys: &BTreeSet<KeyId>) -> Result<i64, StoreError> {
    match conn {
        Conn::Sqlite(conn) => sqlite::number(conn, keys).await,
        Conn::Postgres(conn) => answered(postgres::number(conn, keys)).await,
    }
}

/// Reads what was changed after the change `before`.
pub(super) async fn changed(conn: Conn<'_>, before: i64) -> Result<Found, StoreError> {
    let rows: Vec<(i64, Option<i64>, Option<String>)> =
        on!(conn, c => sqlx::query_as(CHANGED).bind(before).fetch_all(c).await?);
    let Some(&(epoch, ..)) = rows.first() else {
        return Err(StoreError::Unreadable("the counter of changed keys"));
    };
    let (mut numbers, mut keys) = (BTreeSet::new(), Vec::new());
    for (_, number, key) in &rows {
        numbers.extend(*number);
        keys.extend(key.as_deref().and_then(|key| key.parse::<KeyId>().ok()));
    }
    // Changes that are older than those that are kept, or of a release that keeps none, have no keys here.
    let all = i64::try_from(numbers.len()).is_ok_and(|count| count == epoch - before);
    Ok(Found {
        epoch,
        keys: (all && rows.len() <= MOST).then_some(keys),
    })
}

/// The number of the last change.
pub(in crate::server::store) async fn epoch(conn: Conn<'_>) -> Result<i64, StoreError> {
    Ok(on!(conn, c => sqlx::query_scalar(EPOCH).fetch_one(c).await?))
}

/// What the slowest server has noted.
async fn least(conn: Conn<'_>) -> Result<i64, StoreError> {
    let least: Option<i64> = on!(conn, c => sqlx::query_scalar(LEAST).fetch_one(c).await?);
    Ok(least.unwrap_or(i64::MAX))
}

/// Waits, for a command, until no server uses what it held before the change `epoch`, which was committed: all of them have
/// noted it, or a second has passed.
pub(super) async fn known(store: &crate::server::store::Store, epoch: i64) {
    let all = async {
        loop {
            let least = async { least(store.read().await?.conn()).await };
            if least.await.is_ok_and(|least: i64| least >= epoch) {
                return;
            }
            sleep(ASK_EVERY).await;
        }
    };
    let _ = timeout(KNOWN_BY, all).await;
}

/// Tells that looks fail, or succeed again.
fn tell(failed: bool) {
    if failed {
        tracing::warn!("the database does not answer: keys are looked up one by one until it does");
    } else {
        tracing::info!("the database answers again");
    }
}
