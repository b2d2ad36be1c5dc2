//! Creating a key.

use super::{Revealed, check_form_token, check_room, once};
use crate::{
    domain::{
        activity::Event,
        catalog::{CUSTOM, Catalog},
        expiry::{self, ExpiryError},
        field_errors::FieldErrors,
        ids::KeyId,
        key::{Key, rate_limit},
        name::KeyName,
        network::{Allowlist, Reading},
        scope::Scopes,
        token,
    },
    server::{
        access::KeyManager,
        app::App,
        error::ServiceError,
        service::activity,
        store::{Tables as _, keys::NewKey},
    },
};

const SENT_TWICE: &str = "This form has made its key already, and a secret is shown only once. \
    Reload the page to see the key in the table.";

/// The submitted form `Add API key`.
#[derive(Clone, Copy, Debug, Default)]
pub struct KeyForm<'a> {
    /// Name.
    pub name: &'a str,
    /// Machine name of a preset, or `custom`.
    pub preset: &'a str,
    /// Selected scopes; used for `custom` only.
    pub scopes: &'a [String],
    /// `never`, a number of days, or `date`.
    pub expires: &'a str,
    /// The date, for `date`.
    pub expires_on: &'a str,
    /// Addresses and CIDR blocks.
    pub allowlist: &'a str,
    /// Requests a minute, or empty.
    pub rate_limit: &'a str,
    /// Form token, which makes the form yield one secret (docs/security.md, S35).
    pub form_token: &'a str,
}

/// Machine name and scopes of the selected preset.
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

/// The field that shows an error of the expiry.
const fn expiry_field(error: &ExpiryError) -> &'static str {
    match error {
        ExpiryError::Unknown => "expires",
        _ => "expires_on",
    }
}

/// Creates a key.
///
/// # Errors
/// `Invalid` with every field that was refused, `Repeated` when the form was already submitted, `Conflict`
/// when the account has reached its cap of live keys.
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

/// Parses an allowlist, for the hint at its field.
///
/// # Errors
/// `Invalid` at its field.
pub fn read_allowlist(text: &str) -> Result<Reading, ServiceError> {
    Allowlist::parse(text)
        .map_err(|error| ServiceError::Invalid(FieldErrors::one("allowlist", error.to_string())))
}
