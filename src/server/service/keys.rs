//! Managing keys: listing and creating.

use super::ServiceError;
use crate::{
    domain::{
        catalog::Preset, field_errors::FieldErrors, ids::KeyId, key::Key, name::KeyName, secret::SecretText,
        token,
    },
    server::{
        access::KeyManager,
        app::App,
        store::{StoreError, Tables as _, Unique, keys::NewKey},
    },
};

/// Rows of a page.
pub const PAGE: u32 = 50;

/// Longest form token taken, in bytes; ours have 32.
const FORM_TOKEN_LENGTH: usize = 64;

const SENT_TWICE: &str = "This form has made its key already, and a secret is shown only once. \
    Reload the page to see the key in the table.";
const NO_FORM_TOKEN: &str = "This form is incomplete. Reload the page and try again.";

/// What the table shows.
#[derive(Clone, Debug)]
pub struct KeyList {
    /// The newest keys, at most [`PAGE`].
    pub keys: Vec<Key>,
    /// How many there are in all.
    pub total: u64,
}

/// A key that was just made, with its only copy of the secret.
#[derive(Debug)]
pub struct Created {
    /// Id.
    pub id: KeyId,
    /// Name.
    pub name: String,
    /// The preset it was made with.
    pub preset: &'static Preset,
    /// The full text.
    pub secret: SecretText,
}

/// The newest keys of an account.
///
/// # Errors
/// When the database fails.
pub async fn list(app: &App, manager: &KeyManager) -> Result<KeyList, ServiceError> {
    let mut reader = app.store.read().await?;
    let keys = reader.keys().newest(manager.account.id, PAGE).await?;
    let total = reader.keys().count(manager.account.id).await?;
    Ok(KeyList { keys, total })
}

/// A token for a form that makes one key, however often it is sent (docs/security.md, S35).
#[must_use]
pub fn form_token(app: &App) -> String {
    hex::encode(app.rng.bytes::<16>())
}

/// Makes a key.
///
/// # Errors
/// `Invalid` with every field that was refused, `Conflict` when the form was sent before.
pub async fn create(
    app: &App,
    manager: &KeyManager,
    name: &str,
    preset: &str,
    form_token: &str,
) -> Result<Created, ServiceError> {
    let mut errors = FieldErrors::default();
    let name = errors.check("name", KeyName::parse(name));
    let preset = errors.check(
        "preset",
        app.catalog.preset(preset).ok_or("Choose what the key may do."),
    );
    let (Some(name), Some(preset)) = (name, preset) else {
        return Err(ServiceError::Invalid(errors));
    };
    let well_formed = form_token.bytes().all(|b| b.is_ascii_alphanumeric());
    if form_token.is_empty() || form_token.len() > FORM_TOKEN_LENGTH || !well_formed {
        return Err(ServiceError::Refused(NO_FORM_TOKEN));
    }

    let secret = token::generate(&app.config.key_prefix, |bytes| app.rng.fill(bytes));
    let key = Key {
        id: KeyId::from_random(app.rng.bytes()),
        account: manager.account.id,
        name: name.to_string(),
        prefix: token::display_prefix(&secret),
        preset: preset.id.to_owned(),
        scopes: preset.scopes.iter().copied().collect(),
        creator: Some(manager.user),
        created_at: app.now(),
        last_used_at: None,
        expires_at: None,
        revoked_at: None,
    };
    let mut tx = app.store.write().await?;
    let new = NewKey {
        key: &key,
        hash: &app.pepper.hash(&secret),
        form_token,
    };
    match tx.keys().insert(&new).await {
        Err(StoreError::Taken(Unique::FormToken)) => return Err(ServiceError::Conflict(SENT_TWICE)),
        other => other?,
    }
    tx.commit().await?;
    Ok(Created {
        id: key.id,
        name: key.name,
        preset,
        secret,
    })
}
