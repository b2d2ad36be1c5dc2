//! Use cases: one function for each thing a person or a program can ask for, whichever door it comes through.

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

/// Does what changes keys. Where that says that a key has ended or is not there, it waits until this holds on every server,
/// whoever ended it (docs/security.md, S73).
async fn settled<T>(
    app: &App,
    change: impl Future<Output = Result<T, ServiceError>>,
) -> Result<T, ServiceError> {
    let done = change.await;
    if matches!(done, Err(ServiceError::Conflict(_) | ServiceError::NotFound)) {
        app.store.all_known().await?;
    }
    done
}
