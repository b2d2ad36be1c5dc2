//! `POST /sign-out`.

use super::failure;
use crate::server::{app::App, session};
use axum::{
    extract::State,
    http::{HeaderName, HeaderValue},
    response::{IntoResponse, Redirect, Response},
};
use tower_sessions::Session;

/// Ends the session and forgets what the site kept in the browser (docs/security.md, S12 and S65).
pub async fn submit(State(app): State<App>, browser: Session) -> Response {
    if let Err(error) = session::end(&browser).await {
        return failure(&app, error).await;
    }
    let clear = (
        HeaderName::from_static("clear-site-data"),
        HeaderValue::from_static("\"storage\""),
    );
    ([clear], Redirect::to("/sign-in")).into_response()
}
