//! Batched inserts. A row that the database refuses is found by bisection and dropped alone, so that it does
//! not hold back the others (docs/security.md, S93).

use crate::server::{
    runtime::log_limit::LogLimit,
    store::{Store, StoreError, Tx},
};
use async_trait::async_trait;
use futures_util::{FutureExt as _, future::BoxFuture};
use std::{
    collections::BTreeMap,
    panic::AssertUnwindSafe,
    sync::{Arc, Mutex, PoisonError},
};

/// Consecutive refused rows after which the rest of a batch waits: so many refusals are the database's fault
/// and not the rows'.
const MOST_IN_A_ROW: u32 = 64;

/// Inserts rows of one kind in a transaction.
#[async_trait]
pub trait WriteRows<T: Sync>: Sync {
    /// Name of the kind, for metrics and log.
    const ROWS: &'static str;
    /// Rows in one transaction.
    const CHUNK: usize;

    /// Inserts the rows. With `again`, some of them may exist already.
    async fn write(&self, tx: &mut Tx, rows: &[T], again: bool) -> Result<(), StoreError>;
}

/// Result of a batch.
#[derive(Debug)]
pub struct Written {
    /// Number of leading rows that are settled: inserted, or refused for good.
    pub settled: usize,
    /// Number of those that were refused.
    pub refused: u64,
    /// Error because of which the rest waits.
    pub error: Option<StoreError>,
}

/// Counts refused rows since the start, by kind; cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Refused(Arc<Mutex<BTreeMap<&'static str, u64>>>);

impl Refused {
    /// The count of each kind.
    #[must_use]
    pub fn counts(&self) -> Vec<(&'static str, u64)> {
        let counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        counts.iter().map(|(&rows, &count)| (rows, count)).collect()
    }

    fn record(&self, rows: &'static str, why: &str) {
        static LINES: LogLimit = LogLimit::new();
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *counts.entry(rows).or_default() += 1;
        drop(counts);
        if LINES.allows() {
            tracing::error!(rows, why, "the database refused a row, and the row is dropped");
        }
    }
}

/// Why a transaction was not committed.
enum Failure {
    /// The database failed, or is unavailable.
    Store(StoreError),
    /// The database refused the content of a row.
    Rows(String),
}

async fn attempt<T: Sync, W: WriteRows<T>>(
    store: &Store,
    writer: &W,
    rows: &[T],
    again: bool,
) -> Result<(), Failure> {
    let write = async {
        let mut tx = store.write().await?;
        writer.write(&mut tx, rows, again).await?;
        tx.commit().await
    };
    match AssertUnwindSafe(write).catch_unwind().await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) => Err(match error.refusal() {
            Some(code) => Failure::Rows(code),
            None => Failure::Store(error),
        }),
        Err(_) => Err(Failure::Rows("a panic".to_owned())),
    }
}

/// Inserts rows in their order, in several transactions.
pub fn write<'a, T: Sync, W: WriteRows<T>>(
    store: &'a Store,
    refused: &'a Refused,
    writer: &'a W,
    rows: &'a [T],
    again: bool,
) -> BoxFuture<'a, Written> {
    Box::pin(write_all(store, refused, writer, rows, again))
}

async fn write_all<T: Sync, W: WriteRows<T>>(
    store: &Store,
    refused: &Refused,
    writer: &W,
    rows: &[T],
    again: bool,
) -> Written {
    let mut written = Written {
        settled: 0,
        refused: 0,
        error: None,
    };
    let (mut size, mut in_a_row, mut again) = (W::CHUNK, 0, again);
    while written.settled < rows.len() && in_a_row < MOST_IN_A_ROW {
        let end = (written.settled + size).min(rows.len());
        let some = &rows[written.settled..end];
        match attempt(store, writer, some, again).await {
            Ok(()) => {
                written.settled = end;
                size = (size * 2).min(W::CHUNK);
                in_a_row = 0;
            }
            Err(Failure::Store(error)) => {
                written.error = Some(error);
                return written;
            }
            Err(Failure::Rows(why)) if some.len() == 1 => {
                refused.record(W::ROWS, &why);
                written.refused += 1;
                written.settled = end;
                in_a_row += 1;
                again = true;
            }
            Err(Failure::Rows(_)) => {
                size = some.len() / 2;
                again = true;
            }
        }
    }
    written
}
