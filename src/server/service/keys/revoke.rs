//! Revoking one or several keys.

use super::selection::{find, read};
use crate::{
    domain::{
        activity::Event,
        done::Done,
        field_errors::FieldErrors,
        key::{Key, KeyStatus, Transition},
        plain_text,
        token::found,
    },
    server::{
        access::KeyManager,
        app::App,
        error::ServiceError,
        service::{activity, settled},
        store::Tables,
    },
};

/// Maximum length of a reason, in characters.
pub const LONGEST_REASON: usize = 200;

/// Normalises a reason by the rules of names: one line, no characters that hide or reorder text; empty if nothing of it
/// can be seen. It is stored for ever, so a text that contains a key, or enough of one, is
/// refused.
pub(in crate::server::service) fn reason(text: &str) -> Result<String, ServiceError> {
    let refuse = |sentence: String| ServiceError::Invalid(FieldErrors::one("reason", sentence));
    // Without characters that hide a key.
    let bare: String = text.chars().filter(|&c| !plain_text::is_refused(c)).collect();
    if found::holds(&bare) {
        let sentence = "Remove the API key: everyone in this account can read the reason.";
        return Err(refuse(sentence.to_owned()));
    }
    let reason = plain_text::clean("reason", text).map_err(|hidden| refuse(hidden.to_string()))?;
    if reason.chars().count() > LONGEST_REASON {
        return Err(refuse(format!("Use at most {LONGEST_REASON} characters.")));
    }
    Ok(if plain_text::is_blank(&reason) {
        String::new()
    } else {
        reason
    })
}

/// Result of revoking keys.
#[derive(Debug)]
pub struct Revoked {
    /// The keys that were revoked.
    pub keys: Vec<Key>,
    /// Number of selected keys that had already ended.
    pub skipped: usize,
}

impl From<Revoked> for Done {
    fn from(revoked: Revoked) -> Self {
        Self::Revoked {
            only: match (revoked.keys.as_slice(), revoked.skipped) {
                ([key], 0) => Some(key.into()),
                _ => None,
            },
            keys: revoked.keys.len(),
            skipped: revoked.skipped,
        }
    }
}

/// Revokes keys: the next request with one of them is refused. Keys that have already ended stay as they are.
///
/// # Errors
/// `NotFound` when the account lacks one of them, `Invalid` for the reason, `Conflict` when none of them is
/// live.
pub async fn revoke(
    app: &App,
    manager: &KeyManager,
    ids: &[String],
    why: &str,
) -> Result<Revoked, ServiceError> {
    settled(app, revoke_all(app, manager, ids, why)).await
}

async fn revoke_all(
    app: &App,
    manager: &KeyManager,
    ids: &[String],
    why: &str,
) -> Result<Revoked, ServiceError> {
    let (account, now) = (manager.account.id, app.now());
    let ids = read(ids)?;
    let mut tx = app.store.write().await?;
    tx.accounts().lock(account).await?;
    tx.keys().lock(account, &ids).await?;
    let keys = find(&mut tx, account, &ids).await?;
    let reason = reason(why)?;
    let mut revoked = Vec::new();
    for key in &keys {
        if key.allows(Transition::Revoke, now) && tx.change(account, key.id).revoke(now).await? {
            activity::note(
                app,
                &mut tx,
                manager,
                now,
                Event::KeyRevoked,
                key,
                reason.as_str(),
            )
            .await?;
            revoked.push(key.clone());
        }
    }
    if revoked.is_empty() {
        let sentence = match keys.as_slice() {
            [key] if key.status(now) == KeyStatus::Expired => "This key has already expired.",
            [_] => "This key was already revoked.",
            _ => "All of these keys have already ended.",
        };
        return Err(ServiceError::Conflict(sentence.to_owned()));
    }
    tx.commit().await?;
    Ok(Revoked {
        skipped: keys.len() - revoked.len(),
        keys: revoked,
    })
}
