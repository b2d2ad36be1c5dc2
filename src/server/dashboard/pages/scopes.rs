//! `/home/{account}/scopes`.

use super::{SignedIn, failure, frame};
use crate::{
    server::{access, dashboard::document},
    ui::{layout::Section, pages::scopes::ScopesPage},
};
use axum::{extract::Path, http::StatusCode, response::Response};
use leptos::prelude::*;
use std::sync::Arc;

/// The page.
pub async fn show(SignedIn(visit, viewer): SignedIn, Path(slug): Path<String>) -> Response {
    let frame = async {
        let reader = access::reader(&visit.app, &viewer, &slug).await?;
        frame::of(&visit, &viewer, &reader, Section::Scopes).await
    };
    let frame = match frame.await {
        Ok(frame) => frame,
        Err(error) => return failure(&visit, error).await,
    };
    let catalog = visit.app.catalog();
    let page = move || view! { <ScopesPage frame=frame.clone() catalog=Arc::clone(&catalog)/> };
    document::render(&visit, StatusCode::OK, "Scopes", page).await
}
