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

const READ_ONLY: &str = "Only owners of this team can do this. Ask an owner to do it.";

/// A signed-in person.
#[derive(Clone, Debug)]
pub struct Viewer {
    /// Id.
    pub id: UserId,
    /// Name for display.
    pub name: String,
    /// Email address.
    pub email: String,
    /// Id of the account they visited last.
    pub last_account: Option<String>,
}

/// A member of the account: permission to read it.
#[derive(Clone, Debug)]
pub struct AccountReader {
    /// The account.
    pub account: Account,
    /// The member.
    pub user: UserId,
    /// Their name.
    pub name: String,
    /// Their role.
    pub role: Role,
}

/// A member who may change keys of the account in one way: permission for one action.
#[derive(Clone, Debug)]
pub struct KeyManager {
    /// The account.
    pub account: Account,
    /// The member.
    pub user: UserId,
    /// Their name.
    pub name: String,
    /// Request context.
    pub trace: Trace,
}

impl AccountReader {
    /// Whether their role allows an action.
    #[must_use]
    pub const fn may(&self, action: Action) -> bool {
        self.role.may(action)
    }

    /// Permission for `action` on the account's keys. A refusal is recorded in the activity; repeats within a
    /// minute are one entry.
    ///
    /// # Errors
    /// `Forbidden` when their role does not allow it, even if the refusal cannot be recorded
    /// (docs/security.md, S86).
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

/// Permission to read the account with this slug, checked in the database on every request (docs/security.md,
/// S17).
///
/// # Errors
/// `NotFound` when there is no such account or the viewer is no member: the response is the same for both.
pub async fn reader(app: &App, viewer: &Viewer, slug: &str) -> Result<AccountReader, ServiceError> {
    // Only possible slugs are queried, because PostgreSQL answers some other texts with an error.
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

/// Permission for `action` on the keys of the account with this slug.
///
/// # Errors
/// `NotFound` as in [`reader`], `Forbidden` when their role does not allow it.
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
