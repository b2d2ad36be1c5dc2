//! The caller of a server function, and the function's response.

use super::{
    answer::{refusal, retry_after, revealed},
    session,
    status::{self, Holder},
};
use crate::{
    api::wire::{ApiError, Next, RevealedKey},
    domain::{activity::Trace, done::Done, paths, role::Action},
    server::{
        access::{self, KeyManager, Viewer},
        app::App,
        error::ServiceError,
        http::client_ip,
        service::keys::{Revealed, reissuable},
    },
};
use axum::http::{HeaderValue, header, request::Parts};
use leptos::prelude::*;
use leptos_axum::ResponseOptions;
use tower_sessions::Session;

/// What a repeated form says if its secret cannot be reissued.
const SENT_TWICE: &str = "This form was sent already. The secret was shown once.";

/// App and session, for server functions that need no sign-in.
///
/// # Panics
/// When not called from a server function behind the session layer.
pub fn anybody() -> (App, Session) {
    let session = expect_context::<Parts>().extensions.get::<Session>().cloned();
    (
        expect_context::<App>(),
        session.expect("the session layer is around every server function"),
    )
}

/// App and person, for server functions that need sign-in.
///
/// # Errors
/// 401 when the caller is not signed in.
pub async fn signed_in() -> Result<(App, Viewer), ApiError> {
    let (app, browser) = anybody();
    let viewer = session::viewer(&app, &browser).await;
    let viewer = answer(viewer.and_then(|viewer| viewer.ok_or(ServiceError::Unauthorized)))?;
    Ok((app, viewer))
}

/// App and capability, for server functions that change the keys of an account. The caller must be allowed to
/// do `action`.
///
/// # Errors
/// 401 when the caller is not signed in, 404 when they are no member of the account, 403 when their role does
/// not allow it.
pub async fn key_manager(account: &str, action: Action) -> Result<(App, KeyManager), ApiError> {
    let (app, viewer) = signed_in().await?;
    let manager = access::key_manager(&app, &viewer, account, action, &trace(&app)).await;
    let manager = answer(manager)?;
    Ok((app, manager))
}

/// Request context of this request.
///
/// # Panics
/// When not called from a server function.
#[must_use]
pub fn trace(app: &App) -> Trace {
    client_ip::trace(app, &expect_context::<Parts>())
}

/// A new key with its secret, for its creator, and a status line for the page that follows the dialog. For a
/// repeated form, the error has the path that reissues the secret: of the key `known`, or of the key that the
/// form has made.
///
/// # Errors
/// What the form shows.
pub async fn reveal(
    app: &App,
    manager: &KeyManager,
    form_token: &str,
    known: Option<&str>,
    result: Result<Revealed, ServiceError>,
) -> Result<RevealedKey, ApiError> {
    let (mut next, is_repeated) = (None, matches!(&result, Err(ServiceError::Repeated(_))));
    if is_repeated {
        let found = reissuable(app, manager.account.id, known, form_token).await;
        let page = paths::keys(&manager.account.slug);
        next = found
            .ok()
            .flatten()
            .map(|id| Next::Reissue(paths::reissue(&page, id)));
    }
    let key = answer(result).map_err(|error| match next {
        Some(next) => error.with_next(next),
        None if is_repeated => ApiError::message(SENT_TWICE),
        None => error,
    })?;
    keep_status(app, &manager.account.slug, key.done());
    Ok(revealed(app, key))
}

/// Answers a change of keys, with a status line for the next page.
///
/// # Errors
/// What the form shows.
pub fn finish(
    app: &App,
    manager: &KeyManager,
    result: Result<impl Into<Done>, ServiceError>,
) -> Result<(), ApiError> {
    let done = answer(result)?.into();
    keep_status(app, &manager.account.slug, done);
    Ok(())
}

/// Sets the status line of the next page of the account with this slug.
///
/// # Panics
/// When not called from a server function.
pub fn keep_status(app: &App, account: &str, done: Done) {
    let holder = Holder::of(app, &expect_context::<Parts>().headers);
    let cookie = status::keep(app, &holder, account, done);
    if let (Some(options), Some(cookie)) = (use_context::<ResponseOptions>(), cookie) {
        options.append_header(header::SET_COOKIE, cookie);
    }
}

/// Converts a result for the browser. A refusal sets the status of the response.
pub fn answer<T>(result: Result<T, ServiceError>) -> Result<T, ApiError> {
    result.map_err(|error| {
        let wait = retry_after(&error);
        let (status, shown) = refusal(error);
        if let Some(options) = use_context::<ResponseOptions>() {
            options.set_status(status);
            if let Some(seconds) = wait {
                options.insert_header(header::RETRY_AFTER, HeaderValue::from(seconds));
            }
        }
        shown
    })
}
