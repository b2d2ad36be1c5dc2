//! What a person may do in an account, as values: whoever holds a [`KeyManager`] was allowed to manage keys there.
//! The matrix is in docs/security.md.

use super::{
    app::App,
    service::ServiceError,
    session::Viewer,
    store::{Tables as _, accounts::Account},
};
use crate::domain::ids::UserId;

/// May see and manage the keys of an account.
#[derive(Clone, Debug)]
pub struct KeyManager {
    /// The account.
    pub account: Account,
    /// Who manages.
    pub user: UserId,
}

/// The right to manage the keys of the account with this slug, asked of the database on every request.
///
/// # Errors
/// `NotFound` when there is no such account or the viewer is not in it: both are one answer.
pub async fn key_manager(app: &App, viewer: &Viewer, slug: &str) -> Result<KeyManager, ServiceError> {
    // Only what a slug can be is looked up: PostgreSQL refuses some other texts with an error.
    if !slug.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') {
        return Err(ServiceError::NotFound);
    }
    let account = app
        .store
        .read()
        .await?
        .accounts()
        .of_user_by_slug(viewer.id, slug)
        .await?;
    account
        .map(|account| KeyManager {
            account,
            user: viewer.id,
        })
        .ok_or(ServiceError::NotFound)
}
