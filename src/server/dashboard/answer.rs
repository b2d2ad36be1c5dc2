//! Responses for results of use cases, for server functions and pages: status and sentence of a refusal, and
//! a new key with its secret.

use crate::{
    api::wire::{ApiError, Next, RevealedKey},
    domain::{done, snippet, time::Timestamp},
    server::{
        app::App,
        error::ServiceError,
        http::RETRY_AFTER,
        runtime::log_limit::LogLimit,
        service::keys::{Origin, Revealed},
    },
};
use axum::http::StatusCode;

/// Seconds after which a retry makes sense, for temporary refusals.
#[must_use]
pub const fn retry_after(error: &ServiceError) -> Option<u32> {
    match error {
        ServiceError::Wait(seconds) => Some(*seconds),
        ServiceError::Overloaded(_)
        | ServiceError::Busy(_)
        | ServiceError::Store(_)
        | ServiceError::Session(_) => Some(RETRY_AFTER),
        _ => None,
    }
}

/// A wait in words: seconds, or whole minutes from two minutes on; rounded up.
#[must_use]
pub fn spelled(seconds: u32) -> String {
    match seconds {
        1 => "1 second".to_owned(),
        seconds if seconds < 120 => format!("{seconds} seconds"),
        seconds => format!("{} minutes", seconds.div_ceil(60)),
    }
}

/// Status and message of a refused use case. Unknown failures are logged here, once; the person only gets the
/// request id, in the response header.
#[must_use]
pub fn refusal(error: ServiceError) -> (StatusCode, ApiError) {
    static LINES: LogLimit = LogLimit::new();
    if error.is_unanswered() {
        if LINES.allows() {
            tracing::error!("the database did not answer COMMIT: the change may have been stored");
        }
        return unanswered();
    }
    match error {
        ServiceError::Invalid(fields) => (
            StatusCode::UNPROCESSABLE_ENTITY,
            ApiError {
                fields,
                ..ApiError::default()
            },
        ),
        ServiceError::Refused(sentence) => (StatusCode::UNPROCESSABLE_ENTITY, ApiError::message(sentence)),
        ServiceError::Repeated(sentence) => (StatusCode::CONFLICT, ApiError::message(sentence)),
        ServiceError::Conflict(sentence) => (StatusCode::CONFLICT, ApiError::message(sentence)),
        ServiceError::Gone(sentence) => (
            StatusCode::NOT_FOUND,
            ApiError::message(sentence).with_next(Next::Leave),
        ),
        ServiceError::Ended(sentence) => (
            StatusCode::CONFLICT,
            ApiError::message(sentence).with_next(Next::Leave),
        ),
        ServiceError::Forbidden(sentence) => (StatusCode::FORBIDDEN, ApiError::message(sentence)),
        ServiceError::Unauthorized => (
            StatusCode::UNAUTHORIZED,
            ApiError::message(
                "Your session has ended. Sign in, then send this form again. Your entries are kept.",
            )
            .with_next(Next::SignIn),
        ),
        ServiceError::NotFound => (
            StatusCode::NOT_FOUND,
            ApiError::message("This was deleted, or you no longer have access to it."),
        ),
        ServiceError::Wait(seconds) => (
            StatusCode::TOO_MANY_REQUESTS,
            ApiError::message(format!("Too many attempts. Try again in {}.", spelled(seconds))),
        ),
        ServiceError::Overloaded(sentence) => (StatusCode::SERVICE_UNAVAILABLE, ApiError::message(sentence)),
        ServiceError::Busy(_) => (
            StatusCode::SERVICE_UNAVAILABLE,
            ApiError::message(format!(
                "The server is busy. Try again in {}.",
                spelled(RETRY_AFTER)
            )),
        ),
        ServiceError::Store(error) => {
            if LINES.allows() {
                tracing::error!(error = &error as &dyn std::error::Error, "the database failed");
            }
            unavailable()
        }
        ServiceError::Session(error) => {
            if LINES.allows() {
                tracing::error!(error = %error, "a session could not be read or written");
            }
            unavailable()
        }
    }
}

/// The response to a change whose result is unknown.
#[must_use]
pub fn unanswered() -> (StatusCode, ApiError) {
    (
        StatusCode::SERVICE_UNAVAILABLE,
        ApiError::message(
            "The database did not confirm the change in time. It may have been made: reload the page before you try again.",
        ),
    )
}

/// The response when the database failed or timed out before anything was changed.
#[must_use]
pub fn unavailable() -> (StatusCode, ApiError) {
    (
        StatusCode::SERVICE_UNAVAILABLE,
        ApiError::message(
            "The database is not available, so nothing was changed. Try again in a few seconds.",
        ),
    )
}

/// A key with its secret, for the one response that shows it.
#[must_use]
pub fn revealed(app: &App, revealed: Revealed) -> RevealedKey {
    let Revealed {
        key,
        secret,
        origin,
        mut notes,
    } = revealed;
    let base = app.origin.as_str();
    let (catalog, now) = (app.catalog(), app.now());
    let mut old_key_ends_at = None;
    if let Origin::Rotation(old) = &origin
        && let Some(end) = old.end()
    {
        let sentence = format!("{}...{}", old.prefix, done::works_until(end, now));
        notes.insert(0, format!("The old key {sentence}"));
        old_key_ends_at = Some(end.iso());
    }
    let mut about = catalog.permissions_label(&key.preset, &key.scopes);
    if let Some(end) = key.expires_at {
        about = format!("{about} · expires {}", end.short(now));
    }
    RevealedKey {
        id: key.id.to_string(),
        snippets: snippet::snippets(
            &app.config.brand,
            base,
            &catalog,
            &key.scopes,
            !key.allowlist.is_empty(),
        ),
        rotated: matches!(origin, Origin::Rotation(_)),
        name: key.name.into(),
        about,
        expires_at: key.expires_at.map(Timestamp::iso),
        old_key_ends_at,
        secret,
        notes,
    }
}
