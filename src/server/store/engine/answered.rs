//! An end for each statement, on this side of the connection. PostgreSQL ends what runs too long by itself
//! (docs/security.md, S76), and cannot tell where it is cut off, stopped or without power.

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
