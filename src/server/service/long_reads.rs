//! Long queries, which read all rows of a key or an account: usage, a key's chart, the comparison in a grace
//! period, the count before a deletion, searches of the activity. One for each account and two on the server
//! run at a time, on connections of their own and with a time limit (docs/security.md, S87).

use crate::{
    domain::ids::AccountId,
    server::{
        app::App,
        error::ServiceError,
        store::{LongRead, StoreError},
    },
};
use futures_util::future::BoxFuture;
use std::time::{Duration, Instant};
use tokio::time::timeout;

/// Time limits of a long query: waiting for its turn and a connection, and running.
#[derive(Clone, Copy, Debug)]
pub struct TimeLimits {
    wait: Duration,
    /// How long a statement may run.
    pub run: Duration,
}

/// Limits for programs.
pub const PROGRAM: TimeLimits = TimeLimits {
    wait: Duration::from_secs(2),
    run: Duration::from_secs(10),
};
/// Limits for pages and dialogs. If the number is not available in time, they are rendered without it.
pub const PAGE: TimeLimits = TimeLimits {
    wait: Duration::from_secs(1),
    run: Duration::from_secs(3),
};
/// Limits for the facts in a dialog, which opens without them rather than late.
pub const DIALOG: TimeLimits = TimeLimits {
    wait: Duration::from_millis(100),
    run: Duration::from_millis(200),
};
/// Limits for a chunk of an export.
pub const EXPORT: TimeLimits = TimeLimits {
    wait: Duration::from_secs(15),
    run: Duration::from_secs(10),
};
/// How long after its time-out in the database a query is cancelled here; at most as long as that time-out.
const GRACE: Duration = Duration::from_secs(1);
/// Why a long query has no result.
#[derive(Debug, thiserror::Error)]
pub enum LongReadError {
    /// Its turn did not come in time.
    #[error("another long query of this account is running")]
    Busy,
    /// It exceeded its time limit.
    #[error("the query took too long")]
    TooLong,
    /// The database failed.
    #[error(transparent)]
    Store(StoreError),
}

/// Runs a long query. If the future is dropped, the query is cancelled in the database too.
///
/// # Errors
/// [`LongReadError::Busy`] when its turn did not come in time, [`LongReadError::TooLong`].
pub async fn run<T>(
    app: &App,
    account: AccountId,
    limits: TimeLimits,
    query: impl for<'r> FnOnce(&'r mut LongRead) -> BoxFuture<'r, Result<T, StoreError>>,
) -> Result<T, LongReadError> {
    let begin = async {
        let turn = app.turns.take(account).await;
        (turn, app.store.long_permit().await)
    };
    let (turn, permit) = timeout(limits.wait, begin)
        .await
        .map_err(|_| LongReadError::Busy)?;
    let started = Instant::now();
    let mut read = app.store.read_long(permit?, limits.run).await?;
    // The database has a time-out of its own; this one is for a database that hangs.
    let answer = timeout(limits.run + GRACE.min(limits.run), query(&mut read)).await;
    let answer = answer
        .map_err(|_| LongReadError::TooLong)?
        .map_err(LongReadError::from)?;
    read.finish().await?;
    turn.ends(started.elapsed());
    Ok(answer)
}

/// Runs a long query for a number on a page; `None` if it is not available in time.
pub async fn for_page<T>(
    app: &App,
    account: AccountId,
    query: impl for<'r> FnOnce(&'r mut LongRead) -> BoxFuture<'r, Result<T, StoreError>>,
) -> Result<Option<T>, ServiceError> {
    match run(app, account, PAGE, query).await {
        Ok(answer) => Ok(Some(answer)),
        Err(LongReadError::Busy | LongReadError::TooLong) => Ok(None),
        Err(LongReadError::Store(error)) => Err(error.into()),
    }
}

impl From<StoreError> for LongReadError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::TooLong => Self::TooLong,
            error => Self::Store(error),
        }
    }
}
