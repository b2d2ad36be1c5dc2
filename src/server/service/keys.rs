//! Managing keys: creating, and giving one that was never used a new secret.

pub mod detail;
pub mod leak;
pub mod list;
pub mod revoke;
pub mod rotate;

use super::{activity, settled};
use crate::{
    domain::{
        activity::Event,
        catalog::{CUSTOM, Catalog},
        expiry::{self, ExpiryError},
        field_errors::FieldErrors,
        ids::{AccountId, KeyId},
        key::{Key, Transition, rate_limit},
        name::KeyName,
        network::{Allowlist, Reading},
        scope::Scopes,
        secret_text::SecretText,
        time::Timestamp,
        token,
    },
    server::{
        access::{AccountReader, KeyManager},
        app::App,
        error::ServiceError,
        store::{
            StoreError, Tables as _, Tx, Unique,
            keys::{NewKey, NewSecret},
        },
    },
};

/// Longest form token taken, in bytes; ours have 32.
const FORM_TOKEN_LENGTH: usize = 64;

const SENT_TWICE: &str = "This form has made its key already, and a secret is shown only once. \
    Reload the page to see the key in the table.";
const REISSUED_TWICE: &str = "This form has given out its secret already, and a secret is shown only once.";
const NO_FORM_TOKEN: &str = "This form is incomplete. Reload the page and try again.";
const USED: &str =
    "This key has been used, so its secret is in somebody's hands. Create another key instead.";
const ENDED: &str = "This key has ended. Create another one instead.";

/// The form `Add API key` as it was sent.
#[derive(Clone, Copy, Debug, Default)]
pub struct KeyForm<'a> {
    /// Name.
    pub name: &'a str,
    /// Machine name of a preset, or `custom`.
    pub preset: &'a str,
    /// Scopes that were ticked; they count for `custom`.
    pub scopes: &'a [String],
    /// `never`, a number of days, or `date`.
    pub expires: &'a str,
    /// The last day, for `date`.
    pub expires_on: &'a str,
    /// Addresses and CIDR blocks.
    pub allowlist: &'a str,
    /// Requests a minute, or nothing.
    pub rate_limit: &'a str,
    /// Makes the form count once (docs/security.md, S35).
    pub form_token: &'a str,
}

/// A key with the only copy of its secret.
#[derive(Debug)]
pub struct Revealed {
    /// The key.
    pub key: Key,
    /// The full text.
    pub secret: SecretText,
    /// Whether it was just made to replace another.
    pub rotated: bool,
    /// What was changed of the allowlist as it was typed.
    pub notes: Vec<String>,
}

/// A token for a form that gives out one secret, however often it is sent (docs/security.md, S35).
#[must_use]
pub fn form_token(app: &App) -> String {
    hex::encode(app.rng.bytes::<16>())
}

pub(super) fn check_form_token(form_token: &str) -> Result<(), ServiceError> {
    let well_formed = form_token.bytes().all(|b| b.is_ascii_alphanumeric());
    if form_token.is_empty() || form_token.len() > FORM_TOKEN_LENGTH || !well_formed {
        return Err(ServiceError::Refused(NO_FORM_TOKEN));
    }
    Ok(())
}

/// Lets a form give out one secret; sent again, it is refused with `sentence`.
pub(super) async fn once(
    tx: &mut Tx,
    account: AccountId,
    form_token: &str,
    now: Timestamp,
    sentence: &'static str,
) -> Result<(), ServiceError> {
    match tx.keys().sent_form(account, form_token, now).await {
        Err(StoreError::Taken(Unique::FormToken)) => Err(ServiceError::Repeated(sentence)),
        other => Ok(other?),
    }
}

/// Machine name and scopes of what was chosen.
fn permissions(catalog: &Catalog, form: &KeyForm<'_>, errors: &mut FieldErrors) -> Option<(String, Scopes)> {
    if form.preset == CUSTOM {
        let scopes = errors.check("scopes", catalog.custom(form.scopes.iter().map(String::as_str)))?;
        return Some((CUSTOM.to_owned(), scopes));
    }
    let preset = catalog.preset(form.preset).ok_or("Choose what the key may do.");
    let preset = errors.check("preset", preset)?;
    Some((
        preset.id.clone(),
        preset.scopes.iter().map(String::as_str).collect(),
    ))
}

/// The field that an error of the end belongs to.
const fn expiry_field(error: &ExpiryError) -> &'static str {
    match error {
        ExpiryError::Unknown => "expires",
        _ => "expires_on",
    }
}

/// Makes a key.
///
/// # Errors
/// `Invalid` with every field that was refused, `Repeated` when the form was sent before, `Conflict` when the account
/// has as many live keys as it may.
pub async fn create(app: &App, manager: &KeyManager, form: &KeyForm<'_>) -> Result<Revealed, ServiceError> {
    let now = app.now();
    let mut errors = FieldErrors::default();
    let name = errors.check("name", KeyName::parse(form.name));
    let permissions = permissions(&app.catalog(), form, &mut errors);
    let expires_at = expiry::parse(form.expires, form.expires_on, now);
    let field = expires_at.as_ref().err().map_or("expires", expiry_field);
    let expires_at = errors.check(field, expires_at);
    let reading = errors.check("allowlist", Allowlist::parse(form.allowlist));
    let rate_limit = errors.check("rate_limit", rate_limit::parse(form.rate_limit));
    let (Some(name), Some((preset, scopes)), Some(expires_at), Some(reading), Some(rate_limit)) =
        (name, permissions, expires_at, reading, rate_limit)
    else {
        return Err(ServiceError::Invalid(errors));
    };
    check_form_token(form.form_token)?;

    let secret = token::generate(&app.config.key_prefix, |bytes| app.rng.fill(bytes));
    let key = Key {
        id: KeyId::from_random(app.rng.bytes()),
        account: manager.account.id,
        name: name.to_string(),
        prefix: token::display_prefix(&secret),
        preset,
        scopes,
        allowlist: reading.list,
        creator: Some(manager.user),
        created_at: now,
        last_used_at: None,
        expires_at,
        revoked_at: None,
        leak_reported_at: None,
        rate_limit,
        replaces: None,
        rotation: None,
    };
    let mut tx = app.store.write().await?;
    tx.accounts().lock(key.account).await?;
    once(&mut tx, key.account, form.form_token, now, SENT_TWICE).await?;
    let new = NewKey {
        key: &key,
        hash: &app.pepper.hash(&secret),
        form_token: form.form_token,
    };
    tx.keys().insert(&new).await?;
    check_room(app, &mut tx, key.account, now).await?;
    let detail = app.catalog().permissions_label(&key.preset, &key.scopes);
    activity::note(app, &mut tx, manager, now, Event::KeyCreated, &key, detail).await?;
    tx.commit().await?;
    Ok(Revealed {
        key,
        secret,
        rotated: false,
        notes: reading.notes,
    })
}

/// Refuses what was just added beyond the most live keys that an account may have. Only one transaction at a time counts.
pub(super) async fn check_room(
    app: &App,
    tx: &mut Tx,
    account: AccountId,
    now: Timestamp,
) -> Result<(), ServiceError> {
    let most = app.config.limits.keys;
    if tx.keys().count_live(account, now).await? > u64::from(most) {
        return Err(ServiceError::Conflict(format!(
            "This account has {most} live keys, which is as many as it may have. Let some expire or revoke them first."
        )));
    }
    Ok(())
}

/// A key of the account, by its id as an address or a form says it.
///
/// # Errors
/// `NotFound` when the account has none: an id of another account, and what is no id, are the same answer.
pub async fn find(app: &App, reader: &AccountReader, id: &str) -> Result<Key, ServiceError> {
    let id: KeyId = id.parse().map_err(|_| ServiceError::NotFound)?;
    let mut store = app.store.read().await?;
    let key = store.keys().by_id(reader.account.id, id).await?;
    key.ok_or(ServiceError::NotFound)
}

/// Gives a key that was never used a new secret; the lost one is dead from then on (docs/security.md, S35).
///
/// # Errors
/// `NotFound` when the account has no such key, `Conflict` when it was used or has ended, `Repeated` when the form was
/// sent before.
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
    // A use that waits to be written is a use.
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
    let secret = token::generate(&app.config.key_prefix, |bytes| app.rng.fill(bytes));
    key.prefix = token::display_prefix(&secret);
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
        rotated: false,
        notes: Vec::new(),
    })
}

/// How an allowlist would be kept.
///
/// # Errors
/// `Invalid` at its field.
pub fn read_allowlist(text: &str) -> Result<Reading, ServiceError> {
    Allowlist::parse(text)
        .map_err(|error| ServiceError::Invalid(FieldErrors::one("allowlist", error.to_string())))
}
