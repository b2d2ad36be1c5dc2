//! Reissue: a new secret for a key that was never used.

use super::{Origin, Revealed, check_form_token, once};
use crate::{
    domain::{activity::Event, ids::KeyId, key::Transition},
    server::{
        access::KeyManager,
        app::App,
        error::ServiceError,
        service::{activity, settled},
        store::{StoreError, Tables as _, keys::NewSecret},
    },
};

const REISSUED_TWICE: &str =
    "The key has a new secret, but it did not reach you. Open the key and choose Reissue secret again.";
const USED: &str = "This key has been used, so somebody has its secret. Rotate it or create another key.";
const ENDED: &str = "This key no longer works. Create another key.";

/// Gives a new secret to a key that was never used. The lost secret is refused from then on
/// (docs/security.md, S35).
///
/// # Errors
/// `NotFound` when the account has no such key, `Conflict` when it was used or has ended, `Repeated` when the
/// form was already submitted.
pub async fn reissue(
    app: &App,
    manager: &KeyManager,
    id: &str,
    form_token: &str,
) -> Result<Revealed, ServiceError> {
    settled(app, give_another_secret(app, manager, id, form_token)).await
}

async fn give_another_secret(
    app: &App,
    manager: &KeyManager,
    id: &str,
    form_token: &str,
) -> Result<Revealed, ServiceError> {
    let id: KeyId = id.parse().map_err(|_| ServiceError::NotFound)?;
    check_form_token(form_token)?;
    // A use that is still queued counts.
    if !app.recorder.flush().await {
        return Err(StoreError::Slow.into());
    }
    let (account, now) = (manager.account.id, app.now());
    let mut tx = app.store.write().await?;
    tx.accounts().lock(account).await?;
    once(&mut tx, account, form_token, now, REISSUED_TWICE).await?;
    let conflict = |sentence: &str| Err(ServiceError::Conflict(sentence.to_owned()));
    let mut key = tx
        .keys()
        .by_id(account, id)
        .await?
        .ok_or(ServiceError::NotFound)?;
    if key.last_used_at.is_some() {
        return conflict(USED);
    }
    if !key.allows(Transition::Reissue, now) {
        return conflict(ENDED);
    }
    let secret = key.reissue(&app.config.key_prefix, |bytes| app.rng.fill(bytes));
    let new = NewSecret {
        prefix: &key.prefix,
        hash: &app.pepper.hash(&secret),
    };
    if !tx.change(account, id).reissue(&new, now).await? {
        return conflict(USED);
    }
    activity::note(
        app,
        &mut tx,
        manager,
        now,
        Event::SecretReissued,
        &key,
        String::new(),
    )
    .await?;
    tx.commit().await?;
    Ok(Revealed {
        key,
        secret,
        origin: Origin::Reissued,
        notes: Vec::new(),
    })
}
