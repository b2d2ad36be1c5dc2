//! Polling of the server of an SQLite file: commands change the file beside it.

use crate::{
    domain::ids::KeyId,
    server::{
        runtime::{
            clock::Uptime,
            tasks::{End, Tasks},
        },
        store::{Changes, Conn, StoreError, engine::invalidation::LEASE},
    },
};
use sqlx::{SqliteConnection, SqlitePool};
use std::{
    collections::BTreeSet,
    sync::{Arc, Weak},
    time::Duration,
};
use tokio::time::{sleep, timeout};

/// Polling interval.
const POLL_EVERY: Duration = Duration::from_millis(200);
/// Time limit for writing the row.
const WRITING: Duration = Duration::from_millis(400);

const NUMBER: &str = "UPDATE key_changes SET epoch = epoch + 1 WHERE id = 1 RETURNING epoch";
const INSERT_KEY: &str = "INSERT INTO changed_keys (epoch, key_id) VALUES ($1, $2)";
/// Keeps the newest 4,096 changes: a server that is further behind drops all keys.
const PRUNE: &str = "DELETE FROM changed_keys WHERE epoch <= $1 - 4096";
/// There is one row, for whichever server wrote it last.
const WRITE_ROW: &str = "INSERT INTO servers (id, epoch) VALUES ('server', $1)
    ON CONFLICT (id) DO UPDATE SET epoch = excluded.epoch";

/// See [`super::number`].
pub(super) async fn number(conn: &mut SqliteConnection, keys: &BTreeSet<KeyId>) -> Result<i64, StoreError> {
    let epoch: i64 = sqlx::query_scalar(NUMBER).fetch_one(&mut *conn).await?;
    // A change of no key has a row without a key, so that a poll can tell that it missed none.
    let keys = keys.iter().map(ToString::to_string);
    let keys: Vec<_> = keys.collect();
    let none = [String::new()];
    for key in if keys.is_empty() { &none[..] } else { &keys } {
        sqlx::query(INSERT_KEY)
            .bind(epoch)
            .bind(key)
            .execute(&mut *conn)
            .await?;
    }
    sqlx::query(PRUNE).bind(epoch).execute(conn).await?;
    Ok(epoch)
}

/// Polls, and drops the changed keys. A successful read alone renews the lease: a command waits a second if its change
/// is not acknowledged.
pub(in crate::server::store) async fn poll(read: &SqlitePool, changes: &Changes) -> Result<(), StoreError> {
    let (began, before) = (Uptime::now(), changes.epoch());
    let mut conn = read.acquire().await?;
    let found = super::changed(Conn::Sqlite(&mut conn), before).await?;
    changes.apply(&found, before);
    changes.renew(began);
    Ok(())
}

/// Starts the polling task.
pub(in crate::server::store) fn start(
    tasks: &Tasks,
    read: &SqlitePool,
    write: &SqlitePool,
    changes: &Arc<Changes>,
) {
    let (read, write, changes) = (read.clone(), write.clone(), Arc::downgrade(changes));
    tasks.watch("looks", move || {
        let polling = keep_polling(read.clone(), write.clone(), changes.clone());
        async {
            polling.await;
            End::Done
        }
    });
}

/// Polls as long as the store is in use.
async fn keep_polling(read: SqlitePool, write: SqlitePool, changes: Weak<Changes>) {
    let (mut is_failing, mut written) = (false, None);
    while let Some(changes) = Weak::upgrade(&changes) {
        if read.is_closed() {
            return;
        }
        let polled = timeout(LEASE, poll(&read, &changes)).await;
        let failed = !matches!(polled, Ok(Ok(())));
        if failed != is_failing {
            is_failing = failed;
            super::log_polling(failed);
        }
        let epoch = changes.epoch();
        if !failed && written != Some(epoch) {
            // On a full disk, or during a long write of another process, the next poll retries.
            let write = sqlx::query(WRITE_ROW).bind(epoch).execute(&write);
            if let Ok(Ok(_)) = timeout(WRITING, write).await {
                written = Some(epoch);
            }
        }
        drop(changes);
        sleep(POLL_EVERY).await;
    }
}
