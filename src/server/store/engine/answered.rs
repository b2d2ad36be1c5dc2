//! A client-side time-out for each statement. PostgreSQL itself ends long statements (docs/security.md, S76),
//! but cannot when it is disconnected, stopped or without power.

use super::fitness;
use crate::server::store::StoreError;
use std::time::Duration;
use tokio::time::timeout;

/// Longer than the database's own statement time-outs: 5 s, and 10 s for long reads.
const LIMIT: Duration = Duration::from_secs(12);

/// The result of a statement, if it arrives in time. A connection with an outstanding result is closed when
/// it is returned to its pool (see [`fitness`]), and never reused.
pub(in crate::server::store) async fn answered<T, E: From<StoreError>>(
    statement: impl Future<Output = Result<T, E>>,
) -> Result<T, E> {
    let Ok(answer) = timeout(LIMIT, statement).await else {
        fitness::doubt();
        return Err(StoreError::Slow.into());
    };
    answer
}
