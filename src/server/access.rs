//! Capabilities: what a person may do in an account, as values. A [`KeyManager`] proves the right to manage keys there.
//! The matrix is in docs/security.md, the table in `domain::role`.

use super::{
    app::App,
    error::ServiceError,
    recorder::folds::{self, Seen},
    store::{
        Tables as _,
        accounts::{Account, Joined},
    },
};
use crate::domain::{
    activity::{Actor, Entry, Event, Trace},
    ids::UserId,
    role::{Action, Role},
};
use std::time::Duration;
use tokio::time::timeout;

/// Time-out of writing a refusal; after it, the entry at the end of the minute counts the refusal.
const REFUSAL_WRITE: Duration = Duration::from_secs(1);

const READ_ONLY: &str = "You are a member of this team: only its owners can do this.";

/// A person who is signed in.
#[derive(Clone, Debug)]
pub struct Viewer {
    /// Id.
    pub id: UserId,
    /// Name for showing.
    pub name: String,
    /// E-mail address.
    pub email: String,
    /// The account whose pages they saw last, by its id.
    pub last_account: Option<String>,
}

/// Is in an account and sees what belongs to it.
#[derive(Clone, Debug)]
pub struct AccountReader {
    /// The account.
    pub account: Account,
    /// Who reads.
    pub user: UserId,
    /// Their name.
    pub name: String,
    /// What they are there.
    pub role: Role,
}

/// May do something to the keys of an account.
#[derive(Clone, Debug)]
pub struct KeyManager {
    /// The account.
    pub account: Account,
    /// Who manages.
    pub user: UserId,
    /// Their name.
    pub name: String,
    /// The request.
    pub trace: Trace,
}

impl AccountReader {
    /// Whether they may do it.
    #[must_use]
    pub const fn may(&self, action: Action) -> bool {
        self.role.may(action)
    }

    /// The right to do `action` to the keys. That it was refused is in the activity, repeats of a minute as one entry.
    ///
    /// # Errors
    /// `Forbidden` when their role does not have it; also where that cannot be written (docs/security.md, S86).
    pub async fn key_manager(
        &self,
        app: &App,
        action: Action,
        trace: &Trace,
    ) -> Result<KeyManager, ServiceError> {
        if self.may(action) {
            return Ok(KeyManager {
                account: self.account.clone(),
                user: self.user,
                name: self.name.clone(),
                trace: trace.clone(),
            });
        }
        let actor = Actor {
            user: Some(self.user),
            name: &self.name,
            trace: Some(trace),
        };
        let target = (self.account.id.to_string(), self.account.name.as_str());
        let refused = Entry::new(
            app.rng.bytes(),
            Some(self.account.id),
            app.now(),
            actor,
            Event::ActionRefused,
            target,
            action.label(),
        );
        if let Seen::First(first) = app.folds.count(&refused) {
            let written = timeout(REFUSAL_WRITE, folds::write_first(&app.store, &refused)).await;
            if matches!(written, Ok(Ok(()))) {
                first.written();
            }
        }
        Err(ServiceError::Forbidden(READ_ONLY))
    }
}

/// The right to see the account with this slug, read from the database on every request (docs/security.md, S17).
///
/// # Errors
/// `NotFound` when there is no such account or the viewer is not in it: both are one answer.
pub async fn reader(app: &App, viewer: &Viewer, slug: &str) -> Result<AccountReader, ServiceError> {
    // Only what a slug can be is looked up: PostgreSQL refuses some other texts with an error.
    if !slug.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') {
        return Err(ServiceError::NotFound);
    }
    let mut reader = app.store.read().await?;
    let joined = reader.accounts().of_user_by_slug(viewer.id, slug).await?;
    joined
        .map(|Joined { account, role }| AccountReader {
            account,
            user: viewer.id,
            name: viewer.name.clone(),
            role,
        })
        .ok_or(ServiceError::NotFound)
}

/// The right to do `action` to the keys of the account with this slug.
///
/// # Errors
/// `NotFound` as [`reader`], `Forbidden` when their role does not have it.
pub async fn key_manager(
    app: &App,
    viewer: &Viewer,
    slug: &str,
    action: Action,
    trace: &Trace,
) -> Result<KeyManager, ServiceError> {
    let reader = reader(app, viewer, slug).await?;
    reader.key_manager(app, action, trace).await
}
