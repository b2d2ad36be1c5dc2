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
use tower_sessions::{Expiry, Session, SessionManagerLayer, cookie::SameSite};

/// The session value with the signed-in person.
const USER: &str = "user";

/// Digest of the password hash that was checked at sign-in. Part of a new session until it is stored; never
/// in the table.
const LET_IN_BY: &str = "let_in_by";

/// Name of the cookie. Browsers only accept the prefix `__Host-` with TLS and for exactly this host. Plain
/// http, which is for this machine only, cannot use it (docs/security.md, S9).
const fn cookie_name(https: bool) -> &'static str {
    if https { "__Host-session" } else { "session" }
}

/// Value of the session cookie; empty if the browser has none.
#[must_use]
pub fn cookie(app: &App, headers: &HeaderMap) -> String {
    let mut values = cookies::values(headers, cookie_name(app.origin.is_https()));
    values.next().unwrap_or_default()
}

/// The layer that reads and sets the cookie.
#[must_use]
pub fn layer(app: &App) -> SessionManagerLayer<SessionTable> {
    let https = app.origin.is_https();
    // Only the cookie's lifetime in the browser: the table decides on every read.
    let kept = time::Duration::try_from(app.config.session_max).unwrap_or(time::Duration::DAY);
    SessionManagerLayer::new(SessionTable::new(app.clone()))
        .with_name(cookie_name(https))
        .with_secure(https)
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
    cookies::is_removal(set_cookie, cookie_name(app.origin.is_https()))
}

/// `Set-Cookie` that removes the session cookie.
#[must_use]
pub fn removal(app: &App) -> Option<HeaderValue> {
    let https = app.origin.is_https();
    cookies::remove(https, cookie_name(https))
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
    let user = app.store.read().await?.users().by_id(id).await?;
    Ok(user.map(|user| Viewer {
        id: user.id,
        name: user.name,
        email: user.email,
        last_account: user.last_account,
    }))
}
