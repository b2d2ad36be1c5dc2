//! The machine side: what programs and proxies ask, by path. One function gives every answer its frame, where the
//! dashboard has a layer for each part of it: a layer costs about as much as checking a key.

use super::{
    client, forward_auth,
    machine::error::V1Error,
    middleware::{headers, request_id},
    v1,
};
use crate::server::app::App;
use axum::{
    Router,
    extract::{Request, State},
    response::Response,
    routing::any,
};
use futures_util::FutureExt as _;
use std::panic::AssertUnwindSafe;
use tokio::time::timeout;
use v1::openapi::Made;

/// Every path of the machine side.
pub fn routes() -> Router<App> {
    let made = Made::default();
    let handle = move |State(app): State<App>, request: Request| {
        let made = made.clone();
        async move { framed(&app, &made, request).await }
    };
    // A wildcard takes no empty rest.
    [
        "/v1",
        "/v1/",
        "/v1/{*path}",
        "/forward-auth",
        "/forward-auth/",
        "/forward-auth/{*path}",
    ]
    .into_iter()
    .fold(Router::new(), |routes, path| routes.route(path, any(handle.clone())))
}

/// An answer with an id, a time to begin in, and the headers of every answer. It has no span: what is logged names the
/// request by itself, and neither its path nor its query, into which people put keys.
async fn framed(app: &App, made: &Made, request: Request) -> Response {
    let id = app.request_id();
    let answer = AssertUnwindSafe(timeout(request_id::ANSWER, answer(app, &id, made, request)));
    let mut response = match answer.catch_unwind().await {
        Ok(Ok(response)) => response,
        Ok(Err(_)) => {
            tracing::error!(request_id = id, "an answer did not begin in time");
            V1Error::Unavailable.response(&id)
        }
        // The panic has told of itself where it happened.
        Err(_) => {
            tracing::error!(request_id = id, "an answer could not be made");
            V1Error::Unavailable.response(&id)
        }
    };
    request_id::say(response.headers_mut(), &id);
    headers::add(app, response.headers_mut());
    response
}

async fn answer(app: &App, id: &str, made: &Made, request: Request) -> Response {
    match request.uri().path() {
        v1::leak::PATH => {
            let client = client::of(app, request.headers(), request.extensions());
            Box::pin(v1::leak::handle(app, id, client, request)).await
        }
        v1::openapi::PATH => v1::openapi::handle(app, id, made, request.method()),
        "/forward-auth" => forward_auth::handle(app, id, request).await,
        "/forward-auth/nginx" => forward_auth::handle_nginx(app, id, request).await,
        path if path.starts_with("/forward-auth/") => forward_auth::handle_envoy(app, id, request).await,
        _ => v1::handle(app, id, request).await,
    }
}
