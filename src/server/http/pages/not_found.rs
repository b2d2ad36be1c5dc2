//! What is not there, and what is not theirs: one page.

use crate::{
    server::{
        app::App,
        http::{assets, document},
    },
    ui::pages::error::ErrorPage,
};
use axum::{
    extract::{Request, State},
    http::StatusCode,
    response::Response,
};
use leptos::prelude::*;

/// A file of the site if there is one, else the page.
pub async fn show(State(app): State<App>, request: Request) -> Response {
    match assets::serve(request.method(), request.uri(), request.headers()) {
        Some(file) => file,
        None => page(&app).await,
    }
}

/// The page.
pub async fn page(app: &App) -> Response {
    let page = || {
        view! {
            <ErrorPage
                code=404
                title="There is nothing here"
                text="The address may be mistyped, or the page belongs to an account you are not in.".to_owned()
            />
        }
    };
    document::render(app, StatusCode::NOT_FOUND, "Not found", page).await
}
