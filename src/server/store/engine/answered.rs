//! A client-side time-out for each statement. PostgreSQL itself ends long statements (docs/security.md, S76), but not
//! when it is disconnected, stopped or without power.

use super::fitness;
use crate::server::store::StoreError;
use std::time::Duration;
use tokio::time::timeout;

/// More than the database gives any statement: 5 s, and 10 s to those that read for long.
const LIMIT: Duration = Duration::from_secs(12);

/// The answer to a statement, if it comes in time. A connection whose answer is still due is closed when it is given back
/// (see [`fitness`]), and never used again.
pub(in crate::server::store) async fn answered<T, E: From<StoreError>>(
    statement: impl Future<Output = Result<T, E>>,
) -> Result<T, E> {
    let Ok(answer) = timeout(LIMIT, statement).await else {
        fitness::doubt();
        return Err(StoreError::Slow.into());
    };
    answer
}
