//! The caller of a server function, and the function's response.

use super::{
    answer::{refusal, retry_after, revealed},
    session,
};
use crate::{
    api::wire::{ApiError, Next, RevealedKey},
    domain::{activity::Trace, paths, role::Action},
    server::{
        access::{self, KeyManager, Viewer},
        app::App,
        error::ServiceError,
        http::client_ip,
        service::keys::{Revealed, made_by},
    },
};
use axum::http::{HeaderValue, header, request::Parts};
use leptos::prelude::*;
use leptos_axum::ResponseOptions;
use tower_sessions::Session;

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

/// A new key with its secret, for its creator. For a repeated form, the error has the path that reissues the
/// secret: of the key `known`, or of the key that the form has made.
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
    let mut next = None;
    if let Err(ServiceError::Repeated(_)) = &result {
        let made = match known {
            Some(id) => Some(id.to_owned()),
            // Without the id the sentence alone has to do.
            None => made_by(app, manager.account.id, form_token)
                .await
                .ok()
                .flatten()
                .map(|id| id.to_string()),
        };
        next = made.map(|id| Next::Reissue(paths::reissue(&paths::keys(&manager.account.slug), id)));
    }
    answer(result.map(|key| revealed(app, key))).map_err(|error| match next {
        Some(next) => error.with_next(next),
        None => error,
    })
}

/// Converts a result for the browser. A refusal sets the status of the response.
///
/// # Errors
/// What the form shows.
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
