//! What does not exist or belongs to others: the same page for both (see `error_page`).

use crate::server::dashboard::assets;
use axum::{
    extract::Request,
    http::StatusCode,
    response::{IntoResponse as _, Response},
};

/// A static file, if there is one at this path, else the page.
pub async fn show(request: Request) -> Response {
    let file = assets::serve(request.method(), request.uri(), request.headers());
    file.unwrap_or_else(page)
}

/// The page. It does not contain the URL, not even as a link, because people paste secrets into URLs; and it
/// is the same for everything that does not exist.
#[must_use]
pub fn page() -> Response {
    StatusCode::NOT_FOUND.into_response()
}
