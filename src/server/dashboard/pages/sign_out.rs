//! `POST /sign-out`.

use super::{
    failure,
    sign_in::{self, Reason},
};
use crate::{
    domain::paths,
    server::dashboard::{page_request::PageRequest, session, status},
};
use axum::{
    http::{HeaderName, HeaderValue},
    response::{IntoResponse, Redirect, Response},
};
use tower_sessions::Session;

/// Ends the session and clears the site's data in the browser (docs/security.md, S12 and S65).
pub async fn submit(visit: PageRequest, browser: Session) -> Response {
    if let Err(error) = session::end(&browser).await {
        return failure(&visit, error).await;
    }
    let clear = (
        HeaderName::from_static("clear-site-data"),
        HeaderValue::from_static("\"storage\""),
    );
    let mut redirect = ([clear], Redirect::to(paths::SIGN_IN)).into_response();
    // A status line that was never shown has the name of a key.
    status::forget(&visit.app, &mut redirect);
    sign_in::because(&visit.app, Reason::SignedOut, redirect)
}
