//! The page for what does not exist or belongs to others: the same for both.

use crate::{
    server::dashboard::{assets, document, page_request::PageRequest},
    ui::pages::error::ErrorPage,
};
use axum::{extract::Request, http::StatusCode, response::Response};
use leptos::prelude::*;

/// A static file, if there is one at this path, else the page.
pub async fn show(visit: PageRequest, request: Request) -> Response {
    match assets::serve(request.method(), request.uri(), request.headers()) {
        Some(file) => file,
        None => page(&visit).await,
    }
}

/// The page. It does not contain the URL, not even as a link, because people paste secrets into URLs; and it
/// is the same for everything that does not exist.
pub async fn page(visit: &PageRequest) -> Response {
    let visit = &PageRequest {
        path: "/".to_owned(),
        ..visit.clone()
    };
    let page = || {
        view! {
            <ErrorPage
                code=404
                title="There is nothing here"
                text="The address may be mistyped, or the page belongs to an account you are not in.".to_owned()
            />
        }
    };
    document::render(visit, StatusCode::NOT_FOUND, "Not found", page).await
}
