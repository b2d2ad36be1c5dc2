//! The check of a presented key, for `/v1` and for forward-auth (docs/security.md, S41).

pub mod cache;
pub mod quota;

use crate::{
    domain::{
        catalog::{Catalog, Route},
        client_network::subscriber,
        key::{Denial, Key},
        secret_text::SecretText,
        time::Timestamp,
        token::{self, pasted::Pasted},
    },
    server::{
        app::App,
        config::trusted_proxies::Client,
        runtime::{log_limit::LogLimit, window::Exceeded},
        store::{StoreError, Tables as _},
    },
};
use cache::Known;
use quota::Quota;
use std::{
    net::{IpAddr, Ipv6Addr},
    sync::{Arc, atomic::Ordering},
    time::Duration,
};
use tokio::time::timeout;

/// The lease: how long after the last poll cached keys may be used (docs/security.md, S74).
const LEASE: Duration = Duration::from_secs(1);
/// Time limit of a look-up; after it the database counts as unavailable (S75).
const LOOK_UP: Duration = Duration::from_secs(1);
/// How long a look-up may wait for its turn: a check takes 1.5 s at most (docs/security.md, S76).
const TURN: Duration = Duration::from_millis(400);

/// Why a request may not pass; the order of the variants is the order of the checks.
#[derive(Debug)]
pub enum Refusal {
    /// The method and the path are not in the catalogue.
    UnknownRoute,
    /// Too many unknown keys from this address.
    TooManyUnknown(Exceeded),
    /// No key, two keys, or a scheme other than Bearer.
    MissingKey,
    /// Not a key, or an unknown key: the same response.
    InvalidKey,
    /// Not a key, but a text that holds one. It was not looked up, so the response does not say whether it exists.
    BadlyPasted(Pasted),
    /// Revoked, by a person or after a leak report.
    Revoked,
    /// Past its end.
    Expired,
    /// The client's address is not in its allowlist.
    IpNotAllowed,
    /// It lacks this scope.
    InsufficientScope(Arc<str>),
    /// The key was refused too often in this minute.
    TooManyRefusals(Exceeded),
    /// The key or its account has exceeded its rate limit.
    RateLimited(Exceeded),
    /// The database was unavailable, so whether the key is valid is unknown.
    Unavailable(StoreError),
}

impl Refusal {
    /// Its reason in responses, metrics and logs (docs/security.md, S42).
    #[must_use]
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::UnknownRoute => "unknown_route",
            Self::MissingKey => "missing_key",
            Self::InvalidKey => "invalid_key",
            Self::BadlyPasted(_) => "badly_pasted_key",
            Self::Revoked => "key_revoked",
            Self::Expired => "key_expired",
            Self::IpNotAllowed => "ip_not_allowed",
            Self::InsufficientScope(_) => "insufficient_scope",
            Self::TooManyUnknown(_) | Self::TooManyRefusals(_) | Self::RateLimited(_) => "rate_limited",
            Self::Unavailable(_) => "unavailable",
        }
    }
}

/// The input of a check.
#[derive(Clone, Copy)]
pub struct Presented<'a> {
    /// HTTP method.
    pub method: &'a str,
    /// Path, as sent, without its query.
    pub path: &'a str,
    /// Value of the `Authorization` header; `None` if there is none, or more than one.
    pub authorization: Option<&'a [u8]>,
    /// The client.
    pub client: Client,
    /// Time of the check.
    pub now: Timestamp,
}

/// The result of a check.
pub struct Verdict {
    /// The requested route, if it is in the catalogue.
    pub route: Option<Arc<Route>>,
    /// The presented key, if it is one of this server.
    pub key: Option<Arc<Known>>,
    /// The quota of that key, if a limit applies.
    pub quota: Option<Quota>,
    /// Whether the request may pass.
    pub outcome: Result<(), Refusal>,
}

impl From<Refusal> for Verdict {
    fn from(refusal: Refusal) -> Self {
        Self {
            route: None,
            key: None,
            quota: None,
            outcome: Err(refusal),
        }
    }
}

/// Checks whether a request is accepted. The first failed check is the reason of the refusal.
pub async fn judge(app: &App, call: Presented<'_>) -> Verdict {
    let catalog = app.catalog();
    let Some(route) = catalog.route(call.method, call.path) else {
        return Refusal::UnknownRoute.into();
    };
    let identified = match call.authorization.ok_or(Refusal::MissingKey).and_then(presented) {
        Ok(presented) => identify(app, &catalog, presented, call.client, call.now).await,
        Err(refusal) => Err(refusal),
    };
    let known = match identified {
        Ok(known) => known,
        Err(refusal) => {
            return Verdict {
                route: Some(Arc::clone(route)),
                ..refusal.into()
            };
        }
    };
    let (quota, outcome) = check(app, &known, route, call.client, call.now);
    Verdict {
        route: Some(Arc::clone(route)),
        key: Some(known),
        quota,
        outcome,
    }
}

/// Checks state, allowlist and scope, and then the rate limits: earlier refusals do not count against them
/// (docs/security.md, S44).
fn check(
    app: &App,
    known: &Known,
    route: &Route,
    client: Client,
    now: Timestamp,
) -> (Option<Quota>, Result<(), Refusal>) {
    let key = &known.key;
    let denial = match key.decide(address_of(client), known.grants.open(route), now) {
        Ok(()) => {
            let (quota, taken) = app.quotas.take(key.account, key.id, key.rate_limit, now);
            return (quota, taken.map_err(Refusal::RateLimited));
        }
        Err(denial) => denial,
    };
    if let Err(exceeded) = app.refusals.count(key.id, now) {
        return (
            Some(Quota::used_up(exceeded, now)),
            Err(Refusal::TooManyRefusals(exceeded)),
        );
    }
    let quota = app.quotas.peek(key.account, key.id, key.rate_limit, now);
    (quota, Err(refusal(denial, route)))
}

/// Checks an accepted request again after waiting for its body, because its key may have ended in the
/// meantime. Does not count against the limits. Returns the key's current state.
///
/// # Errors
/// The reason if it is now refused.
pub async fn judge_again(app: &App, call: Presented<'_>) -> Result<Arc<Known>, Refusal> {
    let catalog = app.catalog();
    let route = catalog.route(call.method, call.path);
    let route = route.ok_or(Refusal::UnknownRoute)?;
    let presented = call.authorization.and_then(bearer).ok_or(Refusal::MissingKey)?;
    let known = identify(app, &catalog, presented, call.client, call.now).await?;
    let address = address_of(call.client);
    let decided = known.key.decide(address, known.grants.open(route), call.now);
    decided.map_err(|denial| refusal(denial, route))?;
    Ok(known)
}

/// A client's address, if it is known.
const fn address_of(client: Client) -> Option<IpAddr> {
    match client {
        Client::Address(address) => Some(address),
        Client::Unreadable => None,
    }
}

fn refusal(denial: Denial, route: &Route) -> Refusal {
    match denial {
        Denial::Revoked => Refusal::Revoked,
        Denial::Expired => Refusal::Expired,
        Denial::IpNotAllowed => Refusal::IpNotAllowed,
        Denial::InsufficientScope => Refusal::InsufficientScope(Arc::clone(&route.scope)),
    }
}

/// Finds the presented key, whatever its state.
///
/// # Errors
/// `InvalidKey`, `BadlyPasted`, `TooManyUnknown` or `Unavailable`.
pub async fn identify(
    app: &App,
    catalog: &Arc<Catalog>,
    presented: &[u8],
    client: Client,
    now: Timestamp,
) -> Result<Arc<Known>, Refusal> {
    let found = match std::str::from_utf8(presented) {
        Ok(text) if token::is_well_formed(text) => {
            let secret = SecretText::new(text.to_owned());
            find(app, catalog, &secret, client, now).await?
        }
        // Not counted: the key in it is not looked up, so nobody can find out in this way whether it exists.
        Ok(text) => match Pasted::judge(text) {
            Some(pasted) => return Err(Refusal::BadlyPasted(pasted)),
            None => None,
        },
        Err(_) => None,
    };
    found.ok_or_else(|| {
        // Counted only here, so that known keys still pass from an address that tries unknown ones.
        let tried = app.unknown_keys.count(counted(client), now);
        tried.map_or_else(Refusal::TooManyUnknown, |()| Refusal::InvalidKey)
    })
}

/// Whether this client may present an unknown key; counts nothing.
///
/// # Errors
/// `TooManyUnknown` when it has presented too many in this minute.
pub fn may_try(app: &App, client: Client, now: Timestamp) -> Result<(), Refusal> {
    let peeked = app.unknown_keys.peek(&counted(client), now);
    peeked.map_err(Refusal::TooManyUnknown)
}

/// The counter of unknown keys. Clients with an unreadable address share one counter.
fn counted(client: Client) -> IpAddr {
    match client {
        Client::Address(address) => subscriber(address),
        Client::Unreadable => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
    }
}

/// The key with this text: from the cache within the lease, or from the database.
async fn find(
    app: &App,
    catalog: &Arc<Catalog>,
    secret: &SecretText,
    client: Client,
    now: Timestamp,
) -> Result<Option<Arc<Known>>, Refusal> {
    static LINES: LogLimit = LogLimit::new();
    let hash = app.pepper.hash(secret);
    // The lease is read first: a key that is dropped after that was valid when this request was checked.
    let since_poll = app.store.changes().since_poll();
    let held = app.keys.get(&hash, catalog, app.store.changes());
    if held.is_some() && since_poll.is_some_and(|ago| ago < LEASE) {
        app.metrics.found_in_memory();
        return Ok(held);
    }
    // All addresses that tried too many unknown keys share one connection (S87).
    let _permit = match may_try(app, client, now) {
        Err(refusal) if held.is_none() => {
            let permit = timeout(TURN, app.suspects.acquire()).await;
            Some(permit.map_err(|_| refusal)?)
        }
        _ => None,
    };
    app.metrics.looked_up();
    let generation = app.store.changes().generation();
    // Boxed, because it is rarely needed: otherwise every request would be moved with its size.
    let loaded = timeout(LOOK_UP, Box::pin(load(app, secret))).await;
    let error = match loaded {
        Ok(Ok(None)) => return Ok(None),
        Ok(Ok(Some((key, is_present)))) => {
            let known = Arc::new(Known::new(key, catalog, generation));
            // Under an older pepper the key has another hash until it is rehashed.
            if is_present {
                app.keys.put(&hash, &known);
            }
            return Ok(Some(known));
        }
        Ok(Err(error)) => error,
        Err(_) => StoreError::Slow,
    };
    match held {
        Some(known) if since_poll.is_some_and(|ago| ago <= LEASE + app.config.stale_if_db_down) => {
            app.stale_uses.fetch_add(1, Ordering::Relaxed);
            if LINES.allows() {
                tracing::warn!(key = %known.key.id, "the database is unavailable: a key is checked by its last known \
                                                     state");
            }
            Ok(Some(known))
        }
        _ => Err(Refusal::Unavailable(error)),
    }
}

/// Loads the key with this text, and whether it is stored under the current pepper version. A key under an
/// older version is queued for a rehash (docs/security.md, S32).
async fn load(app: &App, secret: &SecretText) -> Result<Option<(Key, bool)>, StoreError> {
    let hash = app.pepper.hash(secret);
    let mut reader = app.store.read_for_check().await?;
    if let Some(key) = reader.keys().by_hash(&hash).await? {
        return Ok(Some((key, true)));
    }
    for older in app.pepper.older_hashes(secret) {
        if let Some(key) = reader.keys().by_hash(&older).await? {
            app.recorder.rekey(key.id, older, hash);
            return Ok(Some((key, false)));
        }
    }
    Ok(None)
}

/// The token of an `Authorization` header.
///
/// # Errors
/// `MissingKey`, or `BadlyPasted` where the scheme is in quotes together with a key.
fn presented(authorization: &[u8]) -> Result<&[u8], Refusal> {
    bearer(authorization).ok_or_else(|| {
        let text = str::from_utf8(authorization).ok();
        let quoted = text.filter(|text| text.starts_with(['"', '\'', '`', '\u{201C}', '\u{2018}']));
        quoted
            .and_then(Pasted::judge)
            .map_or(Refusal::MissingKey, |pasted| {
                // The word is there once, and has to be.
                Refusal::BadlyPasted(if pasted == Pasted::BearerTwice {
                    Pasted::Quoted
                } else {
                    pasted
                })
            })
    })
}

/// The token of an `Authorization` header, if its scheme is Bearer, in any case (RFC 9110, section 11.1; RFC 6750,
/// section 2.1).
fn bearer(authorization: &[u8]) -> Option<&[u8]> {
    let (scheme, token) = authorization.split_at_checked(b"Bearer ".len())?;
    let token = token.trim_ascii();
    (scheme.eq_ignore_ascii_case(b"Bearer ") && !token.is_empty()).then_some(token)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bearer_header_carries_the_key() {
        for header in ["Bearer bye_x", "bearer  bye_x "] {
            assert_eq!(bearer(header.as_bytes()), Some("bye_x".as_bytes()), "{header}");
        }
        for header in ["", "Bearer", "Bearer ", "Basic bye_x", "bye_x"] {
            assert_eq!(bearer(header.as_bytes()), None, "{header}");
        }
    }
}
