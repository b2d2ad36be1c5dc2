//! Rotation: creates a replacement for a key, which keeps working for its grace period (docs/security.md, S37 and S38).

use super::{Origin, Revealed, add, check_form_token, issue, once};
use crate::{
    domain::{
        activity::Event,
        field_errors::FieldErrors,
        grace,
        ids::KeyId,
        key::{Key, KeyStatus, Rotation, Transition},
        time::Timestamp,
    },
    server::{
        access::{AccountReader, KeyManager},
        app::App,
        error::ServiceError,
        service::{activity, settled},
        store::{Tables as _, Tx},
    },
};

const ROTATED_TWICE: &str = "The replacement was created, but its secret did not reach you. \
    Open the new key and choose Reissue secret.";

/// Why a key in this state is not rotated.
const fn refusal(status: KeyStatus) -> &'static str {
    match status {
        KeyStatus::Rotated => "This key was already rotated. Rotate its replacement.",
        KeyStatus::Expired => "This key has expired. Create another key.",
        KeyStatus::Active | KeyStatus::Revoked => "This key was revoked. Create another key.",
    }
}

/// The key that `key` replaced, if it still works: rotating `key` ends it at once.
pub async fn stops(app: &App, reader: &AccountReader, key: &Key) -> Result<Option<Key>, ServiceError> {
    let Some(older) = key.replaces else {
        return Ok(None);
    };
    let mut store = app.store.read().await?;
    let older = store.keys().by_id(reader.account.id, older).await?;
    Ok(older.filter(|older| older.status(app.now()).is_live()))
}

/// Creates a replacement for a key, with the same terms and lifetime ([`Key::replacement`]). The old key keeps working
/// for `grace` hours. Of two simultaneous rotations, one wins.
///
/// # Errors
/// `NotFound` when the account has no such key, `Invalid` for the grace period, `Conflict` when the key
/// cannot be rotated, `Repeated` when the form was already submitted.
pub async fn rotate(
    app: &App,
    manager: &KeyManager,
    id: &str,
    grace: &str,
    form_token: &str,
) -> Result<Revealed, ServiceError> {
    settled(app, replace(app, manager, id, grace, form_token)).await
}

async fn replace(
    app: &App,
    manager: &KeyManager,
    id: &str,
    grace: &str,
    form_token: &str,
) -> Result<Revealed, ServiceError> {
    let id: KeyId = id.parse().map_err(|_| ServiceError::NotFound)?;
    let grace = grace::parse(grace);
    let (account, now) = (manager.account.id, app.now());
    let mut tx = app.store.write().await?;
    tx.accounts().lock(account).await?;
    tx.keys().lock(account, &[id]).await?;
    let old = tx.keys().by_id(account, id).await?;
    let old = old.ok_or(ServiceError::NotFound)?;
    let grace = grace.map_err(|error| ServiceError::Invalid(FieldErrors::one("grace", error.to_string())))?;
    check_form_token(form_token)?;
    once(&mut tx, account, form_token, now, ROTATED_TWICE).await?;
    let conflict = || Err(ServiceError::Conflict(refusal(old.status(now)).to_owned()));
    if !old.allows(Transition::Rotate, now) {
        return conflict();
    }

    let (key, secret) = issue(app, manager, old.replacement(now), now);
    let rotation = Rotation {
        at: now,
        grace_ends_at: now.plus(grace),
    };
    if !tx.change(account, old.id).rotate(rotation).await? {
        return conflict();
    }
    stop_older(app, &mut tx, manager, &old, now).await?;
    add(app, &mut tx, &key, &secret, form_token, ROTATED_TWICE).await?;
    let detail = format!(
        "{}... replaces {}..., which works until {} at the latest",
        key.prefix,
        old.prefix,
        rotation.grace_ends_at.exact()
    );
    activity::note(app, &mut tx, manager, now, Event::KeyRotated, &old, detail).await?;
    let detail = format!("{}... replaces {}...", key.prefix, old.prefix);
    activity::note(app, &mut tx, manager, now, Event::KeyCreated, &key, detail).await?;
    tx.commit().await?;
    Ok(Revealed {
        key,
        secret,
        origin: Origin::Rotation(Box::new(Key {
            rotation: Some(rotation),
            ..old
        })),
        notes: Vec::new(),
    })
}

/// Ends the key that `old` replaced, if it still works: at most two secrets of a chain work.
async fn stop_older(
    app: &App,
    tx: &mut Tx,
    manager: &KeyManager,
    old: &Key,
    now: Timestamp,
) -> Result<(), ServiceError> {
    let Some(older) = old.replaces else {
        return Ok(());
    };
    if !tx.change(old.account, older).move_grace(now, now).await? {
        return Ok(());
    }
    let older = tx.keys().by_id(old.account, older).await?;
    let older = older.ok_or(ServiceError::NotFound)?;
    let detail = format!(
        "{}... stopped, since {}..., which replaces it, was rotated",
        older.prefix, old.prefix
    );
    activity::note(app, tx, manager, now, Event::GraceChanged, &older, detail).await?;
    Ok(())
}
