//! Turns a page into a response: renders it, gives its scripts a nonce, sets the status.

use super::{
    assets::{self, LINKS},
    page_request::PageRequest,
    status,
};
use crate::ui::document::{Document, Site};
use axum::{
    body::Body,
    http::{HeaderValue, Request, StatusCode, header},
    response::{Html, IntoResponse, Response},
};
use leptos::{nonce::use_nonce, prelude::*};
use leptos_axum::{ResponseOptions, render_app_async_with_context};

/// Renders a page. `page` is the content of the body; the brand is appended to `title`. The page shows the
/// status line of the previous action, whose cookie is removed.
pub async fn render<V: IntoView + 'static>(
    visit: &PageRequest,
    status: StatusCode,
    title: impl Into<String>,
    page: impl Fn() -> V + Clone + Send + Sync + 'static,
) -> Response {
    let site = Site {
        brand: visit.app.config.brand.clone(),
        key_prefix: visit.app.config.key_prefix.clone(),
        css: LINKS.css.clone(),
        script: LINKS.script.clone(),
        now: visit.app.now(),
        options: LINKS.options.clone(),
        theme: visit.theme,
        path: visit.path.clone(),
        done: visit.done.clone(),
    };
    let title = title.into();
    let context = move || {
        provide_context(site.clone());
        let options = expect_context::<ResponseOptions>();
        options.set_status(status);
        if let Some(policy) = use_nonce().and_then(|nonce| page_policy(&nonce).ok()) {
            options.insert_header(header::CONTENT_SECURITY_POLICY, policy);
        }
    };
    let document = move || {
        let (page, title) = (page.clone(), title.clone());
        view! { <Document title>{page().into_any()}</Document> }
    };
    // The routing is done already, so rendering does not need the request.
    let render = render_app_async_with_context(context, document);
    let mut response = render(Request::new(Body::empty())).await.into_response();
    if visit.done.is_some() {
        status::forget(&visit.app, &mut response);
    }
    response
}

/// Renders a part of a page without islands, for a script that inserts it into an open page.
pub fn fragment<V: IntoView + 'static>(status: StatusCode, part: impl FnOnce() -> V) -> Response {
    let owner = Owner::new();
    let html = owner.with(|| part().into_view().to_html());
    owner.cleanup();
    (status, Html(html)).into_response()
}

/// The policy of a page whose scripts carry this nonce.
///
/// # Errors
/// When the nonce is not valid in a header; Leptos makes nonces from base64.
pub fn page_policy(nonce: &str) -> Result<HeaderValue, header::InvalidHeaderValue> {
    let reload = assets::reload_sources();
    HeaderValue::try_from(format!(
        "default-src 'none'; script-src 'self' 'nonce-{nonce}' 'wasm-unsafe-eval'; style-src 'self' 'nonce-{nonce}'; \
         img-src 'self' data:; font-src 'self'; connect-src 'self'{reload}; manifest-src 'self'; form-action 'self'; \
         base-uri 'none'; object-src 'none'; frame-ancestors 'none'"
    ))
}
