//! Sessions of signed-in people: tower-sessions on a table of our own.

pub mod cookies;
pub mod known;
mod table;

pub use table::SessionTable;

use crate::{
    domain::ids::UserId,
    server::{access::Viewer, app::App, error::ServiceError, store::Tables as _},
};
use axum::http::{HeaderMap, HeaderValue};
use cookies::Name;
use std::time::Duration;
use tokio::time::timeout;
use tower_sessions::{Expiry, Session, SessionManagerLayer, cookie::SameSite, session::Id};

/// The session value with the signed-in person.
const USER: &str = "user";

/// Digest of the password hash that was checked at sign-in. Part of a new session until it is stored; never
/// in the table.
const LET_IN_BY: &str = "let_in_by";

/// Maximum number of session cookies of a request that are looked up.
const MOST_COOKIES: usize = 8;

/// Time limit of looking them up.
const CHOICE: Duration = Duration::from_secs(2);

/// The different session ids in a request, in the order in which the browser sends them. Another program's value is no
/// session id.
fn ids(app: &App, headers: &HeaderMap) -> Vec<Id> {
    let mut ids = Vec::new();
    for value in cookies::values(&app.origin, headers, Name::Session) {
        if let Ok(id) = value.parse()
            && !ids.contains(&id)
            && ids.len() < MOST_COOKIES
        {
            ids.push(id);
        }
    }
    ids
}

/// Value of the session cookie; empty if the browser has none.
#[must_use]
pub fn cookie(app: &App, headers: &HeaderMap) -> String {
    let first = ids(app, headers).first().map(Id::to_string);
    first.unwrap_or_default()
}

/// Leaves one session cookie in a request: of several, the one with a live session. tower-sessions would take the last
/// one, and warn about a value that is not a session id and remove it.
pub async fn choose(app: &App, headers: &mut HeaderMap) {
    let count = cookies::values(&app.origin, headers, Name::Session).count();
    if count == 0 {
        return;
    }
    let ids = ids(app, headers);
    if count == 1 && ids.len() == 1 && !cookies::is_odd(headers) {
        return;
    }
    let chosen = match ids.as_slice() {
        [_, _, ..] => {
            let live = async {
                for id in &ids {
                    if table::user_of(app, *id).await.is_ok_and(|user| user.is_some()) {
                        return Some(*id);
                    }
                }
                None
            };
            timeout(CHOICE, live)
                .await
                .ok()
                .flatten()
                .or(ids.first().copied())
        }
        one => one.first().copied(),
    };
    let kept = chosen.map(|id| id.to_string());
    cookies::replace(&app.origin, headers, Name::Session, kept.as_deref());
}

/// The person of the request with these headers, without the session layer: the session is not extended.
///
/// # Errors
/// When the database fails.
pub async fn visitor(app: &App, headers: &HeaderMap) -> Result<Option<Viewer>, ServiceError> {
    for id in ids(app, headers) {
        if let Some(user) = table::user_of(app, id).await? {
            return person(app, user).await;
        }
    }
    Ok(None)
}

/// The layer that reads and sets the cookie.
#[must_use]
pub fn layer(app: &App) -> SessionManagerLayer<SessionTable> {
    // Only the cookie's lifetime in the browser: the table decides on every read.
    let kept = time::Duration::try_from(app.config.session_max).unwrap_or(time::Duration::DAY);
    SessionManagerLayer::new(SessionTable::new(app.clone()))
        .with_name(Name::Session.at(&app.origin))
        .with_secure(app.origin.is_https())
        .with_http_only(true)
        .with_same_site(SameSite::Lax)
        .with_path("/")
        .with_expiry(Expiry::OnInactivity(kept))
}

/// Signs a person in with a new session id; an earlier session of the browser ends (S10). The session is
/// stored here and not by the layer, which would respond with 500 if that failed.
///
/// # Errors
/// When the database fails, or the person's password hash is no longer `password_hash`.
pub async fn begin(session: &Session, user: UserId, password_hash: &str) -> Result<(), ServiceError> {
    session.clear().await;
    session.cycle_id().await?;
    session.insert(USER, user).await?;
    session.insert(LET_IN_BY, table::digest(password_hash)).await?;
    Ok(session.save().await?)
}

/// Signs the person out.
///
/// # Errors
/// When the database fails. The person is then still signed in, and the caller must say so.
pub async fn end(session: &Session) -> Result<(), ServiceError> {
    Ok(session.flush().await?)
}

/// Whether a `Set-Cookie` removes the session cookie.
#[must_use]
pub fn is_removal(app: &App, set_cookie: &HeaderValue) -> bool {
    cookies::is_removal(&app.origin, set_cookie, Name::Session)
}

/// `Set-Cookie` that removes the session cookie.
#[must_use]
pub fn removal(app: &App) -> Option<HeaderValue> {
    cookies::remove(&app.origin, Name::Session)
}

/// Whether the browser has a live session of a person. Reads the table without extending or caching the
/// session: later code checks it again (docs/security.md, S89).
pub async fn is_live(app: &App, session: &Session) -> Result<bool, ServiceError> {
    let Some(id) = session.id() else {
        return Ok(false);
    };
    let Some(user) = table::user_of(app, id).await? else {
        return Ok(false);
    };
    Ok(app.store.read().await?.users().by_id(user).await?.is_some())
}

/// The signed-in person, read from the database on every request.
pub async fn viewer(app: &App, session: &Session) -> Result<Option<Viewer>, ServiceError> {
    let Some(id) = session.get::<UserId>(USER).await? else {
        return Ok(None);
    };
    person(app, id).await
}

async fn person(app: &App, id: UserId) -> Result<Option<Viewer>, ServiceError> {
    let user = app.store.read().await?.users().by_id(id).await?;
    Ok(user.map(|user| Viewer {
        id: user.id,
        name: user.name,
        email: user.email,
        last_account: user.last_account,
    }))
}
