//! Creating a key.

use super::{Origin, Revealed, add, check_form_token, check_room, issue, once};
use crate::{
    domain::{
        activity::Event,
        field_errors::FieldErrors,
        key::form::KeyForm,
        network::{Allowlist, Reading},
    },
    server::{access::KeyManager, app::App, error::ServiceError, service::activity, store::Tables as _},
};

const SENT_TWICE: &str =
    "The key was created, but its secret did not reach you. Open the key and choose Reissue secret.";

/// Makes a key.
///
/// # Errors
/// `Invalid` with every field that was refused, `Repeated` when the form was sent before, `Conflict` when the account
/// has as many live keys as it may.
pub async fn create(app: &App, manager: &KeyManager, form: &KeyForm) -> Result<Revealed, ServiceError> {
    let now = app.now();
    let (terms, notes) = form.read(&app.catalog(), now).map_err(ServiceError::Invalid)?;
    check_form_token(&form.form_token)?;

    let (key, secret) = issue(app, manager, terms, now);
    let mut tx = app.store.write().await?;
    tx.accounts().lock(key.account).await?;
    once(&mut tx, key.account, &form.form_token, now, SENT_TWICE).await?;
    add(app, &mut tx, &key, &secret, &form.form_token, SENT_TWICE).await?;
    check_room(app, &mut tx, &key).await?;
    let detail = app.catalog().permissions_label(&key.preset, &key.scopes);
    activity::note(app, &mut tx, manager, now, Event::KeyCreated, &key, detail).await?;
    tx.commit().await?;
    Ok(Revealed {
        key,
        secret,
        origin: Origin::Created,
        notes,
    })
}

/// Parses an allowlist, for the hint at its field.
///
/// # Errors
/// `Invalid` at its field.
pub fn read_allowlist(text: &str) -> Result<Reading, ServiceError> {
    Allowlist::parse(text)
        .map_err(|error| ServiceError::Invalid(FieldErrors::one("allowlist", error.to_string())))
}
