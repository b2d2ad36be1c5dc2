//! What is not there, and what is not theirs: one page.

use crate::{
    server::dashboard::{assets, document, page_request::PageRequest},
    ui::pages::error::ErrorPage,
};
use axum::{extract::Request, http::StatusCode, response::Response};
use leptos::prelude::*;

/// A file of the site if there is one, else the page.
pub async fn show(visit: PageRequest, request: Request) -> Response {
    match assets::serve(request.method(), request.uri(), request.headers()) {
        Some(file) => file,
        None => page(&visit).await,
    }
}

/// The page. It says nothing of the address, not even to lead back to it: whatever is absent is one answer, and people
/// paste secrets into addresses.
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
