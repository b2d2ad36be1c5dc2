//! The decision about a presented key: one for `/v1` and for every door that follows (docs/security.md, S41).

use crate::{
    domain::{
        key::{Denial, Key},
        secret::SecretText,
        time::Timestamp,
        token,
    },
    server::{
        app::App,
        client::Client,
        limits::{Exceeded, subscriber},
        store::{StoreError, Tables as _},
    },
};
use std::net::{IpAddr, Ipv6Addr};

/// Why a request may not pass; the order of the variants is the order of the checks.
#[derive(Debug)]
pub enum Refusal {
    /// Too many unknown keys from this address.
    TooManyUnknown(Exceeded),
    /// No key, two, or not as a bearer token.
    MissingKey,
    /// Not a key, or none of ours: one answer.
    InvalidKey,
    /// Disabled by a person.
    Revoked,
    /// Past its end.
    Expired,
    /// Its allowlist does not hold the client's address.
    IpNotAllowed,
    /// It lacks this scope.
    InsufficientScope(&'static str),
    /// The key was refused too often in this minute.
    TooManyRefusals(Exceeded),
    /// The database could not be asked; the key may be good.
    Unavailable(StoreError),
}

impl From<Denial> for Refusal {
    fn from(denial: Denial) -> Self {
        match denial {
            Denial::Revoked => Self::Revoked,
            Denial::Expired => Self::Expired,
            Denial::IpNotAllowed => Self::IpNotAllowed,
            Denial::InsufficientScope(scope) => Self::InsufficientScope(scope),
        }
    }
}

/// A refusal, and whose key it was where that is known.
#[derive(Debug)]
pub struct Refused {
    /// Why.
    pub reason: Refusal,
    /// The key that was presented, if it is one of ours.
    pub key: Option<Box<Key>>,
}

impl From<Refusal> for Refused {
    fn from(reason: Refusal) -> Self {
        Self { reason, key: None }
    }
}

/// Finds the key and decides whether `client` may use it for a route that needs `scope`.
///
/// # Errors
/// The first check that failed.
pub async fn verify(
    app: &App,
    authorization: impl Iterator<Item = &[u8]>,
    client: Client,
    scope: &'static str,
    now: Timestamp,
) -> Result<Key, Refused> {
    let presented = bearer(authorization).ok_or(Refusal::MissingKey)?;
    let key = identify(app, presented, client, now).await?;
    let address = match client {
        Client::Address(address) => Some(address),
        Client::Unreadable => None,
    };
    match key.decide(address, scope, now) {
        Ok(()) => Ok(key),
        Err(denial) => {
            let reason = match app.refusals.count(key.id, now) {
                Ok(()) => denial.into(),
                Err(exceeded) => Refusal::TooManyRefusals(exceeded),
            };
            Err(Refused {
                reason,
                key: Some(Box::new(key)),
            })
        }
    }
}

/// Whose key `presented` is, whatever its state.
///
/// # Errors
/// `InvalidKey`, `TooManyUnknown` or `Unavailable`.
pub async fn identify(app: &App, presented: &[u8], client: Client, now: Timestamp) -> Result<Key, Refusal> {
    let found = match std::str::from_utf8(presented) {
        Ok(text) if token::is_well_formed(text) => find(app, &SecretText::new(text.to_owned()))
            .await
            .map_err(Refusal::Unavailable)?,
        _ => None,
    };
    found.ok_or_else(|| {
        // Counted only here, so that the keys that are known still pass from an address that tries others.
        // Clients whose address cannot be told share one count.
        let counted = match client {
            Client::Address(address) => subscriber(address),
            Client::Unreadable => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
        };
        let tried = app.unknown_keys.count(counted, now);
        tried.map_or_else(Refusal::TooManyUnknown, |()| Refusal::InvalidKey)
    })
}

/// The key with this text. One that is stored under an older pepper is stored under the present one from then on
/// (docs/security.md, S32).
async fn find(app: &App, secret: &SecretText) -> Result<Option<Key>, StoreError> {
    let hash = app.pepper.hash(secret);
    let mut reader = app.store.read().await?;
    if let Some(key) = reader.keys().by_hash(&hash).await? {
        return Ok(Some(key));
    }
    for older in app.pepper.older_hashes(secret) {
        if let Some(key) = reader.keys().by_hash(&older).await? {
            app.recorder.rekey(key.id, older, hash);
            return Ok(Some(key));
        }
    }
    Ok(None)
}

/// The token of the only `Authorization` header, if its scheme is Bearer, in any case (RFC 9110, section 11.1;
/// RFC 6750, section 2.1).
fn bearer<'a>(mut headers: impl Iterator<Item = &'a [u8]>) -> Option<&'a [u8]> {
    let (only, None) = (headers.next()?, headers.next()) else {
        return None;
    };
    let (scheme, token) = only.split_at_checked(b"Bearer ".len())?;
    let token = token.trim_ascii();
    (scheme.eq_ignore_ascii_case(b"Bearer ") && !token.is_empty()).then_some(token)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(headers: &[&'static str]) -> Option<&'static str> {
        bearer(headers.iter().map(|header| header.as_bytes()))
            .map(|token| std::str::from_utf8(token).expect("ASCII"))
    }

    #[test]
    fn one_bearer_header_carries_the_key() {
        assert_eq!(found(&["Bearer bye_x"]), Some("bye_x"));
        assert_eq!(found(&["bearer  bye_x "]), Some("bye_x"));
        for none in [
            &[][..],
            &[""],
            &["Bearer"],
            &["Bearer "],
            &["Basic bye_x"],
            &["bye_x"],
            &["Bearer a", "Bearer a"],
        ] {
            assert_eq!(found(none), None, "{none:?}");
        }
    }
}
