//! Who is signed in: tower-sessions on our own table.

pub mod cookies;
pub mod known;
mod table;

pub use table::SessionTable;

use crate::{
    domain::ids::UserId,
    server::{access::Viewer, app::App, error::ServiceError, store::Tables as _},
};
use axum::http::HeaderValue;
use tower_sessions::{Expiry, Session, SessionManagerLayer, cookie::SameSite};

/// The session value with the signed-in person.
const USER: &str = "user";

/// A digest of the password's hash that was judged: in a new session until it is stored, and never in the table.
const LET_IN_BY: &str = "let_in_by";

/// The cookie's name. The `__Host-` prefix makes browsers insist on TLS and on no other host; plain http, which is
/// for this machine alone, cannot have it (docs/security.md, S9).
const fn cookie_name(https: bool) -> &'static str {
    if https { "__Host-session" } else { "session" }
}

/// Reads and sets the cookie.
#[must_use]
pub fn layer(app: &App) -> SessionManagerLayer<SessionTable> {
    let https = app.origin.is_https();
    // The table decides on every read; this is only how long the browser keeps the cookie.
    let kept = time::Duration::try_from(app.config.session_max).unwrap_or(time::Duration::DAY);
    SessionManagerLayer::new(SessionTable::new(app.clone()))
        .with_name(cookie_name(https))
        .with_secure(https)
        .with_http_only(true)
        .with_same_site(SameSite::Lax)
        .with_path("/")
        .with_expiry(Expiry::OnInactivity(kept))
}

/// Signs a person in under a new id; the old one, if there was any, ends (S10). The session is stored here and not by the
/// layer, which would answer 500 where it cannot be.
///
/// # Errors
/// When the database fails, or the person has another password by now than the one that is stored as `password_hash`.
pub async fn begin(session: &Session, user: UserId, password_hash: &str) -> Result<(), ServiceError> {
    session.clear().await;
    session.cycle_id().await?;
    session.insert(USER, user).await?;
    session.insert(LET_IN_BY, table::digest(password_hash)).await?;
    Ok(session.save().await?)
}

/// Signs out.
///
/// # Errors
/// When the database fails: the person is still signed in, and the caller must say so.
pub async fn end(session: &Session) -> Result<(), ServiceError> {
    Ok(session.flush().await?)
}

/// Whether a `Set-Cookie` makes browsers forget the cookie.
#[must_use]
pub fn is_removal(app: &App, set_cookie: &HeaderValue) -> bool {
    cookies::is_removal(set_cookie, cookie_name(app.origin.is_https()))
}

/// `Set-Cookie` that makes browsers forget the cookie.
#[must_use]
pub fn removal(app: &App) -> Option<HeaderValue> {
    let https = app.origin.is_https();
    cookies::remove(https, cookie_name(https))
}

/// Whether the browser's session is one of a person, read from the table without touching the session or caching
/// anything of it: later code checks it again (docs/security.md, S89).
///
/// # Errors
/// When the database fails.
pub async fn is_live(app: &App, session: &Session) -> Result<bool, ServiceError> {
    let Some(id) = session.id() else {
        return Ok(false);
    };
    let Some(user) = table::user_of(app, id).await? else {
        return Ok(false);
    };
    Ok(app.store.read().await?.users().by_id(user).await?.is_some())
}

/// Who is signed in, read from the database on every request.
///
/// # Errors
/// When the database fails.
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
