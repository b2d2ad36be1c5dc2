//! How servers that share a database, and the commands beside them, learn about each other's changes of keys
//! (docs/security.md, S73, S74). Each change has a number, the next of a counter. docs/decisions/0008 proves that no
//! server uses an outdated cached key after the response to a change.

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

/// How often a command polls whether the servers have acknowledged its change.
const ASK_EVERY: Duration = Duration::from_millis(20);
/// Maximum number of changed keys that a poll reads. With more, it drops all keys.
const MOST: usize = 4_096;

/// The counter, and the keys of all changes after a known one; in one statement, so that both are of one
/// snapshot.
const CHANGED: &str = "SELECT c.epoch, k.epoch, k.key_id FROM key_changes c
    LEFT JOIN changed_keys k ON k.epoch > $1 AND k.epoch <= c.epoch
    WHERE c.id = 1 LIMIT 4097";
const EPOCH: &str = "SELECT epoch FROM key_changes WHERE id = 1";
/// The acknowledged change number of the slowest server; NULL without a server.
const LEAST: &str = "SELECT MIN(epoch) FROM servers";

/// Assigns the change of these keys its number. The last step of its transaction, so that transactions that
/// change the same keys in another order do not deadlock here. Numbers are committed in order, because each
/// transaction locks the counter.
pub(super) async fn number(conn: Conn<'_>, keys: &BTreeSet<KeyId>) -> Result<i64, StoreError> {
    match conn {
        Conn::Sqlite(conn) => sqlite::number(conn, keys).await,
        Conn::Postgres(conn) => answered(postgres::number(conn, keys)).await,
    }
}

/// Reads the changes after the change `before`.
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
    // Keys are missing for changes that are already pruned, or were made by a release that stores none.
    let all = i64::try_from(numbers.len()).is_ok_and(|count| count == epoch - before);
    Ok(Found {
        epoch,
        keys: (all && rows.len() <= MOST).then_some(keys),
    })
}

/// The number of the newest change.
pub(in crate::server::store) async fn epoch(conn: Conn<'_>) -> Result<i64, StoreError> {
    Ok(on!(conn, c => sqlx::query_scalar(EPOCH).fetch_one(c).await?))
}

/// The acknowledged change number of the slowest server.
async fn least(conn: Conn<'_>) -> Result<i64, StoreError> {
    let least: Option<i64> = on!(conn, c => sqlx::query_scalar(LEAST).fetch_one(c).await?);
    Ok(least.unwrap_or(i64::MAX))
}

/// Waits, for a command, until no server uses keys cached before the committed change `epoch`: all of them have
/// acknowledged it, or a second has passed.
pub(super) async fn wait_until_known(store: &crate::server::store::Store, epoch: i64) {
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

/// Logs that polls fail, or succeed again.
fn log_polling(failed: bool) {
    if failed {
        tracing::warn!("the database does not answer: keys are looked up one by one until it does");
    } else {
        tracing::info!("the database answers again");
    }
}
