//! What happened to keys since a dialog about them was opened: whether its action is still possible, and if
//! not, why.

use super::selection::read;
use crate::{
    domain::{
        ids::AccountId,
        key::{Key, KeyStatus, Transition},
        time::Timestamp,
    },
    server::{app::App, error::ServiceError, store::Tables as _},
};

/// The keys with these ids, each once, in their order.
///
/// # Errors
/// `Refused` for no or too many ids, `Gone` when the account lacks one of them, `Ended` when none of them
/// allows the action any more.
pub async fn possible(
    app: &App,
    account: AccountId,
    transition: Transition,
    ids: &[String],
) -> Result<Vec<Key>, ServiceError> {
    let several = ids.len() > 1;
    let read = read(ids).map_err(|error| match error {
        ServiceError::NotFound => gone(several),
        error => error,
    })?;
    let mut store = app.store.read().await?;
    let mut keys = Vec::new();
    for id in read {
        let key = store.keys().by_id(account, id).await?;
        keys.push(key.ok_or_else(|| gone(several))?);
    }
    let now = app.now();
    if keys.iter().any(|key| key.allows(transition, now)) {
        Ok(keys)
    } else {
        Err(ServiceError::Ended(ended(&keys, transition, now)))
    }
}

/// Gives the reason why an action was refused: the keys have changed. Other refusals stay as they are.
///
/// # Errors
/// The refusal.
pub async fn explained<T>(
    app: &App,
    account: AccountId,
    transition: Transition,
    ids: &[String],
    done: Result<T, ServiceError>,
) -> Result<T, ServiceError> {
    let refused = match done {
        Err(refused @ (ServiceError::NotFound | ServiceError::Conflict(_))) => refused,
        done => return done,
    };
    match possible(app, account, transition, ids).await {
        Err(reason @ (ServiceError::Gone(_) | ServiceError::Ended(_))) => Err(reason),
        _ => Err(refused),
    }
}

const fn gone(several: bool) -> ServiceError {
    ServiceError::Gone(if several {
        "Some of these keys were deleted in the meantime."
    } else {
        "This key was deleted in the meantime."
    })
}

/// Why none of the keys allows the action.
fn ended(keys: &[Key], transition: Transition, now: Timestamp) -> &'static str {
    let [key] = keys else {
        return "None of these keys works any more: they have expired or were revoked.";
    };
    match key.status(now) {
        KeyStatus::Revoked => "This key was revoked in the meantime.",
        KeyStatus::Expired => "This key expired in the meantime.",
        KeyStatus::Rotated if transition == Transition::Rotate => {
            "This key was rotated in the meantime. Rotate its replacement instead."
        }
        KeyStatus::Active if transition == Transition::ChangeGrace => {
            "This key was not rotated, so it has no grace period."
        }
        KeyStatus::Active | KeyStatus::Rotated => {
            "This key was used in the meantime, so somebody has its secret. Create another key instead."
        }
    }
}
