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
        store::{StoreError, Tables as _},
    },
};

/// Why a request may not pass; the order of the variants is the order of the checks.
#[derive(Debug)]
pub enum Refusal {
    /// No key, two, or not as a bearer token.
    MissingKey,
    /// Not a key, or none of ours: one answer.
    InvalidKey,
    /// Disabled by a person.
    Revoked,
    /// Past its end.
    Expired,
    /// It lacks this scope.
    InsufficientScope(&'static str),
    /// The database could not be asked; the key may be good.
    Unavailable(StoreError),
}

impl From<Denial> for Refusal {
    fn from(denial: Denial) -> Self {
        match denial {
            Denial::Revoked => Self::Revoked,
            Denial::Expired => Self::Expired,
            Denial::InsufficientScope(scope) => Self::InsufficientScope(scope),
        }
    }
}

/// Finds the key and decides whether it may call a route that needs `scope`. An accepted call is noted as the key's
/// last use, after the answer.
///
/// # Errors
/// The first check that failed.
pub async fn verify(
    app: &App,
    authorization: impl Iterator<Item = &[u8]>,
    scope: &'static str,
    now: Timestamp,
) -> Result<Key, Refusal> {
    let presented = bearer(authorization).ok_or(Refusal::MissingKey)?;
    let presented = match std::str::from_utf8(presented) {
        Ok(text) if token::is_well_formed(text) => SecretText::new(text.to_owned()),
        _ => return Err(Refusal::InvalidKey),
    };
    let hash = app.pepper.hash(&presented);
    let found = async { app.store.read().await?.keys().by_hash(&hash).await };
    let key = found
        .await
        .map_err(Refusal::Unavailable)?
        .ok_or(Refusal::InvalidKey)?;
    key.decide(scope, now)?;
    app.recorder.used(key.id, now);
    Ok(key)
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
