//! Long queries, which read all rows of a key or an account: usage, the chart of a key, the comparison during a grace
//! period, the count before a deletion, searches of the activity. One of an account runs at a time and two on the whole
//! server, on their own connections and with a time limit (docs/security.md, S87).

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

/// How long a long query waits for its turn and a connection, and how long it may then run.
#[derive(Clone, Copy, Debug)]
pub struct TimeLimits {
    wait: Duration,
    run: Duration,
}

/// For programs.
pub const PROGRAM: TimeLimits = TimeLimits {
    wait: Duration::from_secs(2),
    run: Duration::from_secs(10),
};
/// For pages and dialogs, which are drawn without the number rather than late.
pub const PAGE: TimeLimits = TimeLimits {
    wait: Duration::from_secs(1),
    run: Duration::from_secs(3),
};
/// For a part of a file.
pub const EXPORT: TimeLimits = TimeLimits {
    wait: Duration::from_secs(15),
    run: Duration::from_secs(10),
};
/// What a statement that ended by itself in time may be late by.
const GRACE: Duration = Duration::from_secs(1);
/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum LongReadError {
    /// Other long queries were running all the time.
    #[error("another long query of this account is running")]
    Busy,
    /// It ran into its time limit.
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
pub async fn ask<T>(
    app: &App,
    account: AccountId,
    limits: TimeLimits,
    question: impl for<'r> FnOnce(&'r mut LongRead) -> BoxFuture<'r, Result<T, StoreError>>,
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
    // The database ends it; this is for a database that hangs.
    let answer = timeout(limits.run + GRACE, question(&mut read)).await;
    let answer = answer
        .map_err(|_| LongReadError::TooLong)?
        .map_err(LongReadError::from)?;
    read.finish().await?;
    turn.ends(started.elapsed());
    Ok(answer)
}

/// Asks for a number of a page; nothing where there is none in time.
pub async fn for_page<T>(
    app: &App,
    account: AccountId,
    question: impl for<'r> FnOnce(&'r mut LongRead) -> BoxFuture<'r, Result<T, StoreError>>,
) -> Result<Option<T>, ServiceError> {
    match ask(app, account, PAGE, question).await {
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
