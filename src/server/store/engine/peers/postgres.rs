//! Polling of servers that share PostgreSQL: the change counter, and each other's rows.

use super::acknowledged::{Peer, PeerRow, Peers};
use crate::{
    domain::{ids::KeyId, time::Timestamp},
    server::{
        runtime::{
            clock::Uptime,
            tasks::{End, Tasks},
        },
        store::{
            Changes, Conn, StoreError,
            engine::{invalidation::LEASE, row_turns::Turns},
        },
    },
};
use sqlx::{Connection as _, Executor as _, PgConnection, PgPool, postgres::PgConnectOptions};
use std::{
    collections::BTreeSet,
    sync::{Arc, Weak},
    time::Duration,
};
use tokio::time::{sleep, timeout};

/// Polling interval of a server.
const POLL_EVERY: Duration = Duration::from_millis(25);
/// Polling interval while a change waits for the other servers.
const FAST_POLL_EVERY: Duration = Duration::from_millis(10);
/// Interval at which a server writes its row without a change.
const WRITE_EVERY: Duration = Duration::from_millis(200);
/// Time limit for deleting the row at the end.
const LEAVING: Duration = Duration::from_millis(200);
/// A reading of the database's clock that took longer is ignored; half of the time it took is its possible
/// error.
const CLOCK_ANSWER: Duration = Duration::from_secs(1);

/// Keeps the newest 4,096 changes: a server that is further behind drops all keys from its cache.
const NUMBER: &str = "WITH next AS (UPDATE key_changes SET epoch = epoch + 1 WHERE id = 1 RETURNING epoch),
    noted AS (INSERT INTO changed_keys (epoch, key_id) SELECT epoch, given FROM next, UNNEST($1::TEXT[]) AS given),
    forgotten AS (DELETE FROM changed_keys WHERE epoch <= (SELECT epoch FROM next) - 4096)
    SELECT epoch FROM next";
const TIME: &str = "SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)";
/// Flushed: after a crash of the database the row may be outdated, but exists.
const JOIN: &str = "INSERT INTO servers (id, epoch, seen_at)
    VALUES ($1, $2, CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)) ON CONFLICT (id) DO NOTHING";
const SHOW: &str = "UPDATE servers
    SET epoch = $2, beat = beat + 1, seen_at = CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)
    WHERE id = $1 RETURNING seen_at";
const PEERS: &str = "SELECT id, epoch, beat, seen_at FROM servers WHERE id <> $1";
const LEAVE: &str = "DELETE FROM servers WHERE id = $1";
/// Only if the row has not changed since it was read.
const FORGET: &str = "DELETE FROM servers WHERE id = $1 AND epoch = $2 AND beat = $3 AND seen_at = $4";

/// Deletes the row of a server that no longer answers requests, so that no change waits for it.
pub(in crate::server::store) async fn leave(pool: &PgPool, changes: &Changes) {
    changes.leave();
    let left = sqlx::query(LEAVE).bind(&changes.server).execute(pool);
    // Otherwise the first change of another server waits for a second.
    let _ = timeout(LEAVING, left).await;
}

/// See [`super::number`].
pub(super) async fn number(conn: &mut PgConnection, keys: &BTreeSet<KeyId>) -> Result<i64, StoreError> {
    let keys: Vec<_> = keys.iter().map(ToString::to_string).collect();
    let turns = Turns::join(conn).await?;
    loop {
        match sqlx::query_scalar(NUMBER).bind(&keys).fetch_one(&mut *conn).await {
            Ok(epoch) => {
                turns.leave(conn).await?;
                return Ok(epoch);
            }
            Err(error) => turns.again(conn, error).await?,
        }
    }
}

/// Reads the database's clock and calls the time listener.
pub(in crate::server::store) async fn read_time(
    conn: &mut PgConnection,
    changes: &Changes,
) -> Result<(), StoreError> {
    let began = Uptime::now();
    let millis: i64 = sqlx::query_scalar(TIME).fetch_one(conn).await?;
    report_time(changes, millis, began);
    Ok(())
}

fn report_time(changes: &Changes, millis: i64, began: Uptime) {
    let took = began.elapsed();
    if took < CLOCK_ANSWER {
        changes.report_time(Timestamp::from_millis(millis), began.plus(took / 2));
    }
}

/// The poller of a server. It has a connection of its own, so that the cache stays usable while all pools are
/// busy.
pub(in crate::server::store) struct Poller {
    conn: PgConnection,
    /// The other servers, as read on this connection. After a crash of the database, rows may be outdated and
    /// all connections are new.
    peers: Peers,
    /// Content of the own row, and when it was written.
    row: Option<(i64, Uptime)>,
}

impl Poller {
    /// Connects, and polls once.
    pub(in crate::server::store) async fn begin(
        options: &PgConnectOptions,
        changes: &Changes,
    ) -> Result<Self, StoreError> {
        let mut conn = PgConnection::connect_with(options).await?;
        // The row is written five times a second, and need not be flushed.
        conn.execute("SET synchronous_commit = off").await?;
        let mut poller = Self {
            conn,
            peers: Peers::default(),
            row: None,
        };
        poller.poll(changes).await?;
        Ok(poller)
    }

    /// Reads the changes and drops the changed keys from the cache, then writes the server's row, then renews the
    /// lease. The order matters: other servers rely on the row.
    async fn poll(&mut self, changes: &Changes) -> Result<(), StoreError> {
        loop {
            let (poll, began) = (changes.begin_poll(), Uptime::now());
            let before = changes.epoch();
            let found = super::changed(Conn::Postgres(&mut self.conn), before).await?;
            changes.apply(&found, before);
            let acknowledged = changes.epoch();
            let is_due = |(epoch, at): (i64, Uptime)| epoch != acknowledged || at.elapsed() >= WRITE_EVERY;
            let is_due = self.row.is_none_or(is_due);
            if is_due {
                if !self.write_row(changes, acknowledged).await? {
                    if changes.is_leaving() {
                        return Ok(());
                    }
                    // The row is missing: the server is new, or another one deleted it as gone. Insert it and poll
                    // again.
                    self.insert_row(changes).await?;
                    continue;
                }
                self.row = Some((acknowledged, began));
                changes.renew(began);
            }
            if is_due || changes.is_waited_for() {
                let least = self.read_peers(changes, found.epoch).await?;
                changes.record_peers(poll, least);
            }
            return Ok(());
        }
    }

    /// Writes the acknowledged change number into this server's row; returns whether it has a row.
    async fn write_row(&mut self, changes: &Changes, acknowledged: i64) -> Result<bool, StoreError> {
        let began = Uptime::now();
        let millis: Option<i64> = sqlx::query_scalar(SHOW)
            .bind(&changes.server)
            .bind(acknowledged)
            .fetch_optional(&mut self.conn)
            .await?;
        if let Some(millis) = millis {
            report_time(changes, millis, began);
        }
        Ok(millis.is_some())
    }

    async fn insert_row(&mut self, changes: &Changes) -> Result<(), StoreError> {
        let mut tx = self.conn.begin().await?;
        tx.execute("SET LOCAL synchronous_commit = on").await?;
        sqlx::query(JOIN)
            .bind(&changes.server)
            .bind(changes.epoch())
            .execute(&mut *tx)
            .await?;
        Ok(tx.commit().await?)
    }

    /// The acknowledged change number of the slowest other server. Servers that are behind `epoch` and no longer poll
    /// are not waited for: their rows are deleted, so they must poll again before they use their cache.
    async fn read_peers(&mut self, changes: &Changes, epoch: i64) -> Result<i64, StoreError> {
        let began = Uptime::now();
        let rows: Vec<(String, i64, i64, i64)> = sqlx::query_as(PEERS)
            .bind(&changes.server)
            .fetch_all(&mut self.conn)
            .await?;
        let rows = rows.into_iter().map(|(id, epoch, beat, seen_at)| {
            let row = PeerRow { epoch, beat, seen_at };
            (id, row)
        });
        let mut least = i64::MAX;
        for peer in self.peers.update(rows.collect(), began, Uptime::now()) {
            let is_gone = peer.is_expired && peer.row.epoch < epoch && self.delete_peer(&peer).await?;
            if !is_gone {
                least = least.min(peer.row.epoch);
            }
        }
        Ok(least)
    }

    async fn delete_peer(&mut self, peer: &Peer) -> Result<bool, StoreError> {
        let PeerRow { epoch, beat, seen_at } = peer.row;
        let deleted = sqlx::query(FORGET)
            .bind(&peer.id)
            .bind(epoch)
            .bind(beat)
            .bind(seen_at)
            .execute(&mut self.conn)
            .await?;
        Ok(deleted.rows_affected() == 1)
    }
}

/// Starts the polling task.
pub(in crate::server::store) fn start(tasks: &Tasks, pool: &PgPool, poller: Poller, changes: &Arc<Changes>) {
    let (pool, changes, mut first) = (pool.clone(), Arc::downgrade(changes), Some(poller));
    tasks.watch("looks", move || {
        let polling = keep_polling(pool.clone(), first.take(), changes.clone());
        async {
            polling.await;
            End::Done
        }
    });
}

/// Polls as long as the store is in use.
async fn keep_polling(pool: PgPool, mut poller: Option<Poller>, changes: Weak<Changes>) {
    let mut is_failing = false;
    while let Some(changes) = Weak::upgrade(&changes) {
        if pool.is_closed() || changes.is_leaving() {
            return;
        }
        // A poll that hangs is abandoned with its connection.
        let next = async {
            poller = Some(match poller.take() {
                Some(mut poller) => {
                    poller.poll(&changes).await?;
                    poller
                }
                None => Poller::begin(&pool.connect_options(), &changes).await?,
            });
            Ok::<_, StoreError>(())
        };
        let failed = !matches!(timeout(LEASE, next).await, Ok(Ok(())));
        if failed != is_failing {
            is_failing = failed;
            super::log_polling(failed);
        }
        if !failed && changes.is_waited_for() {
            sleep(FAST_POLL_EVERY).await;
        } else {
            let woken = Arc::clone(&changes);
            drop(changes);
            // Polls at once when a change waits, and again a little later.
            let _ = timeout(POLL_EVERY, woken.woken()).await;
        }
    }
}
