//! Batched inserts for each kind of queued entry.

use crate::{
    domain::{
        activity::{Actor, Entry, Event, Trace},
        ids::KeyId,
        request_log::LogEntry,
        time::Timestamp,
    },
    server::{
        recorder::batches::WriteRows,
        runtime::rng::Rng,
        secret::key_hash::KeyHash,
        store::{StoreError, Tables as _, Tx, engine::bulk},
    },
};
use async_trait::async_trait;
use std::time::Duration;

/// Interval at which the use of an ended key is recorded, for each key.
const ALERT_EVERY: Duration = Duration::from_hours(1);
/// Rows in one transaction, which blocks all other writers on SQLite.
const CHUNK: usize = 16 * bulk::MANY;
/// Rows in one transaction where each row needs its own statement (docs/security.md, S85).
const SINGLE_ROWS: usize = 200;

/// Last uses of keys, ordered by key in each transaction.
pub(super) struct Uses;

#[async_trait]
impl WriteRows<(KeyId, Timestamp)> for Uses {
    const ROWS: &'static str = "last_uses";
    const CHUNK: usize = CHUNK;

    async fn write(&self, tx: &mut Tx, rows: &[(KeyId, Timestamp)], _: bool) -> Result<(), StoreError> {
        tx.key_uses().write(rows).await
    }
}

/// Rehashes of keys: from, and to.
pub(super) struct Rekeyed;

#[async_trait]
impl<'h> WriteRows<(KeyId, &'h KeyHash, &'h KeyHash)> for Rekeyed {
    const ROWS: &'static str = "key_hashes";
    const CHUNK: usize = SINGLE_ROWS;

    async fn write(
        &self,
        tx: &mut Tx,
        rows: &[(KeyId, &'h KeyHash, &'h KeyHash)],
        _: bool,
    ) -> Result<(), StoreError> {
        for (key, from, to) in rows {
            tx.keys().rekey(*key, from, to).await?;
        }
        Ok(())
    }
}

/// Uses of ended keys.
pub(super) struct Alerts<'r>(pub(super) &'r dyn Rng);

#[async_trait]
impl WriteRows<(KeyId, Trace, Timestamp)> for Alerts<'_> {
    const ROWS: &'static str = "alerts";
    const CHUNK: usize = SINGLE_ROWS;

    async fn write(
        &self,
        tx: &mut Tx,
        rows: &[(KeyId, Trace, Timestamp)],
        _: bool,
    ) -> Result<(), StoreError> {
        for (key, trace, at) in rows {
            let alerted = tx.leaks().alert(*key, *at, at.minus(ALERT_EVERY)).await?;
            if let Some((account, name, prefix)) = alerted {
                let actor = Actor::program(Some(trace));
                let target = (key.to_string(), name.as_str());
                let detail = format!("{prefix}..., refused");
                let event = Event::RetiredKeyUsed;
                let entry = Entry::new(self.0.bytes(), Some(account), *at, actor, event, target, detail);
                tx.activity().insert(&entry).await?;
            }
        }
        Ok(())
    }
}

/// Rows of the request log.
pub(super) struct Entries;

#[async_trait]
impl WriteRows<LogEntry> for Entries {
    const ROWS: &'static str = "request_log";
    const CHUNK: usize = CHUNK;

    async fn write(&self, tx: &mut Tx, rows: &[LogEntry], again: bool) -> Result<(), StoreError> {
        tx.log_rows().insert(rows, again).await
    }
}

/// Gaps in the request log: id, time, number of dropped rows.
pub(super) struct Gaps;

#[async_trait]
impl WriteRows<(String, Timestamp, u64)> for Gaps {
    const ROWS: &'static str = "log_gaps";
    const CHUNK: usize = SINGLE_ROWS;

    async fn write(&self, tx: &mut Tx, rows: &[(String, Timestamp, u64)], _: bool) -> Result<(), StoreError> {
        for (id, at, dropped) in rows {
            tx.logs().insert_gap(id, *at, *dropped).await?;
        }
        Ok(())
    }
}
