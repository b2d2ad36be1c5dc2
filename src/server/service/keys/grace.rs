//! Grace periods: changing their end, and the usage of both keys during one (docs/security.md, S38).

use crate::{
    domain::{
        activity::Event,
        done::{Done, Subject},
        field_errors::FieldErrors,
        grace,
        ids::KeyId,
        key::{Key, Rotation, Transition},
    },
    server::{
        access::{AccountReader, KeyManager},
        app::App,
        error::ServiceError,
        service::{activity, long_reads, settled},
        store::Tables as _,
    },
};
use std::collections::BTreeMap;

pub use crate::server::store::logs::read::Since;

const NOT_IN_GRACE: &str = "This key is no longer in its grace period.";

/// A key whose grace period was changed.
#[derive(Debug)]
pub struct GraceChanged {
    /// The key as it is now.
    pub key: Key,
    /// Whether it was stopped.
    pub is_stopped: bool,
}

impl From<GraceChanged> for Done {
    fn from(GraceChanged { key, is_stopped }: GraceChanged) -> Self {
        match key.end() {
            Some(end) if !is_stopped => Self::GraceChanged {
                key: Subject::from(&key),
                end,
            },
            _ => Self::Stopped(Subject::from(&key)),
        }
    }
}

/// Ends the grace period of a rotated key `hours` after its rotation, or now when `hours` is 0.
///
/// # Errors
/// `NotFound` when the account has no such key, `Invalid` for other hours, `Conflict` when the key was not
/// rotated or has ended.
pub async fn change_grace(
    app: &App,
    manager: &KeyManager,
    id: &str,
    hours: &str,
) -> Result<GraceChanged, ServiceError> {
    settled(app, move_grace(app, manager, id, hours)).await
}

async fn move_grace(
    app: &App,
    manager: &KeyManager,
    id: &str,
    hours: &str,
) -> Result<GraceChanged, ServiceError> {
    let id: KeyId = id.parse().map_err(|_| ServiceError::NotFound)?;
    let (account, now) = (manager.account.id, app.now());
    let mut tx = app.store.write().await?;
    tx.accounts().lock(account).await?;
    let key = tx.keys().by_id(account, id).await?;
    let key = key.ok_or(ServiceError::NotFound)?;
    let invalid = |sentence: String| ServiceError::Invalid(FieldErrors::one("grace", sentence));
    let grace = match hours {
        "0" => None,
        hours => Some(grace::parse(hours).map_err(|error| invalid(error.to_string()))?),
    };
    let conflict = || Err(ServiceError::Conflict(NOT_IN_GRACE.to_owned()));
    let Some(rotation) = key.rotation.filter(|_| key.allows(Transition::ChangeGrace, now)) else {
        return conflict();
    };
    let end = grace.map_or(now, |grace| rotation.at.plus(grace));
    if grace.is_some() && end <= now {
        return Err(invalid(
            "This time has passed. Choose a later end, or Stop it now.".to_owned(),
        ));
    }
    if !tx.change(account, id).move_grace(end, now).await? {
        return conflict();
    }
    let detail = match grace {
        None => "stopped before its end".to_owned(),
        Some(_) => format!("works until {} at the latest", end.exact()),
    };
    activity::note(app, &mut tx, manager, now, Event::GraceChanged, &key, detail).await?;
    tx.commit().await?;
    let rotation = Rotation {
        grace_ends_at: end,
        ..rotation
    };
    Ok(GraceChanged {
        key: Key {
            rotation: Some(rotation),
            ..key
        },
        is_stopped: grace.is_none(),
    })
}

/// Usage since the rotation, of keys in their grace period and of their replacements. Empty if counting timed
/// out: the rows are then rendered without it.
pub async fn since(app: &App, reader: &AccountReader) -> Result<BTreeMap<KeyId, Since>, ServiceError> {
    let (account, now) = (reader.account.id, app.now());
    let counted = long_reads::for_page(app, account, |read| {
        Box::pin(async move { read.logs().since_rotation(account, now).await })
    });
    let rows = counted.await?.unwrap_or_default();
    Ok(rows.into_iter().collect())
}
