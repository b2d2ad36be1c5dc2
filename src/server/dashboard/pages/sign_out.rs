//! `POST /sign-out`.

use super::failure;
use crate::{
    domain::{done::Done, paths},
    server::dashboard::{
        page_request::PageRequest,
        session,
        status::{self, Holder},
    },
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
    let next = format!("{}#{}", paths::SIGN_IN, paths::STATUS);
    let mut response = ([clear], Redirect::to(&next)).into_response();
    let nobody = Holder::nobody(&visit.app);
    status::add(&visit.app, &nobody, "", Done::SignedOut, &mut response);
    response
}
