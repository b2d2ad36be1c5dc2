//! Use cases: one function for each thing a person or a program can request, whatever the entry point.

pub mod accounts;
pub mod activity;
pub mod keys;
pub mod long_reads;
pub mod operator;
pub mod pepper;
pub mod sign_in;
pub mod teams;
pub mod usage;
pub mod verify;

use super::app::App;
use crate::server::error::ServiceError;

/// Runs a change of keys. If it reports that a key has ended or does not exist, waits until this holds on every server,
/// whichever change ended it (docs/security.md, S73).
async fn settled<T>(
    app: &App,
    change: impl Future<Output = Result<T, ServiceError>>,
) -> Result<T, ServiceError> {
    let done = change.await;
    if matches!(done, Err(ServiceError::Conflict(_) | ServiceError::NotFound)) {
        app.store.wait_until_all_known().await?;
    }
    done
}
