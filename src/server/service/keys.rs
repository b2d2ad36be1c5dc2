//! API keys, with a file for each use case. This file has what they share: form tokens, revealed secrets, and
//! the cap on live keys.

pub mod create;
pub mod delete;
pub mod detail;
pub mod ending;
pub mod grace;
pub mod leak;
pub mod list;
pub mod meanwhile;
pub mod reissue;
pub mod revoke;
pub mod rotate;
pub mod selection;

use crate::{
    domain::{
        done::{Done, Subject},
        ids::{AccountId, KeyId},
        key::{Key, Transition, issue::Terms},
        number::counted,
        secret_text::SecretText,
        time::Timestamp,
    },
    server::{
        access::{AccountReader, KeyManager},
        app::App,
        error::ServiceError,
        store::{StoreError, Tables as _, Tx, Unique, keys::NewKey},
    },
};

const NO_FORM_TOKEN: &str = "This form is incomplete. Reload the page and try again.";

/// Maximum length of a form token in bytes; ours have 32.
const FORM_TOKEN_LENGTH: usize = 64;

/// A key with the only copy of its secret.
#[derive(Debug)]
pub struct Revealed {
    /// The key.
    pub key: Key,
    /// The full text.
    pub secret: SecretText,
    /// Where the secret comes from.
    pub origin: Origin,
    /// Sentences about changes that were made to the allowlist.
    pub notes: Vec<String>,
}

/// Where a secret comes from.
#[derive(Debug)]
pub enum Origin {
    /// The key was created.
    Created,
    /// The key got a new secret.
    Reissued,
    /// The key replaces this one.
    Rotation(Box<Key>),
}

impl Revealed {
    /// What was done.
    #[must_use]
    pub fn done(&self) -> Done {
        let key = Subject::from(&self.key);
        match &self.origin {
            Origin::Created => Done::Created(key),
            Origin::Reissued => Done::Reissued(key),
            Origin::Rotation(old) => Done::Rotated {
                old: Subject::from(&**old),
                new: key.id,
                end: old.end().unwrap_or(self.key.created_at),
            },
        }
    }
}

/// Creates a token that makes a form yield one secret, however often it is sent (docs/security.md, S35).
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

/// Uses up the form's token; for a repeated form, refuses with `sentence`.
pub(super) async fn once(
    tx: &mut Tx,
    account: AccountId,
    form_token: &str,
    now: Timestamp,
    sentence: &'static str,
) -> Result<(), ServiceError> {
    let recorded = tx.keys().sent_form(account, form_token, now).await;
    recorded.map_err(|error| repeated(error, sentence))
}

/// The refusal of a repeated form, if that is why a row could not be stored.
fn repeated(error: StoreError, sentence: &'static str) -> ServiceError {
    match error {
        StoreError::Taken(Unique::FormToken) => ServiceError::Repeated(sentence),
        other => other.into(),
    }
}

/// Makes a key of the manager's account, and its text.
pub(super) fn issue(app: &App, manager: &KeyManager, terms: Terms, now: Timestamp) -> (Key, SecretText) {
    let (account, prefix) = (manager.account.id, &app.config.key_prefix);
    Key::issue(account, manager.user, terms, now, prefix, |bytes| {
        app.rng.fill(bytes);
    })
}

/// Stores a new key.
///
/// # Errors
/// `Repeated` with `sentence` when its form was sent so long ago that `sent_forms` has forgotten it.
pub(super) async fn add(
    app: &App,
    tx: &mut Tx,
    key: &Key,
    secret: &SecretText,
    form_token: &str,
    sentence: &'static str,
) -> Result<(), ServiceError> {
    let new = NewKey {
        key,
        hash: &app.pepper.hash(secret),
        form_token,
    };
    let stored = tx.keys().insert(&new).await;
    stored.map_err(|error| repeated(error, sentence))
}

/// Checks that the account has no more keys than it may, after one was added. The account must be locked, so that only
/// one transaction at a time counts its keys. Only for additions: a rotation exchanges a key for another one.
///
/// # Errors
/// `Conflict` when it has more.
pub(super) async fn check_room(app: &App, tx: &mut Tx, key: &Key) -> Result<(), ServiceError> {
    let most = u64::from(app.config.caps.keys);
    if tx.keys().count_for_cap(key.account, key.created_at).await? <= most {
        return Ok(());
    }
    let live = counted(most, "live key");
    Err(ServiceError::Conflict(format!(
        "This account already has {live}, the maximum. Revoke or delete keys that you no longer need, then try again."
    )))
}

/// Id of the key whose secret can be reissued after its form was sent again, because the answer with the secret may
/// have been lost: of the key `known`, or of the key that the form with this token has made. `None` if it was used or no
/// longer works.
pub async fn reissuable(
    app: &App,
    account: AccountId,
    known: Option<&str>,
    form_token: &str,
) -> Result<Option<KeyId>, ServiceError> {
    let mut store = app.store.read().await?;
    let key = match known.map(str::parse::<KeyId>) {
        Some(Ok(id)) => store.keys().by_id(account, id).await?,
        Some(Err(_)) => None,
        None => store.keys().by_form(account, form_token).await?,
    };
    let key = key.filter(|key| key.allows(Transition::Reissue, app.now()));
    Ok(key.map(|key| key.id))
}

/// A key of the account, by the id in a URL or a form.
///
/// # Errors
/// `NotFound` when the account has no such key; the same for another account's id and for a malformed one.
pub async fn find(app: &App, reader: &AccountReader, id: &str) -> Result<Key, ServiceError> {
    let id: KeyId = id.parse().map_err(|_| ServiceError::NotFound)?;
    let mut store = app.store.read().await?;
    let key = store.keys().by_id(reader.account.id, id).await?;
    key.ok_or(ServiceError::NotFound)
}
