//! Every route of the product.

use super::{
    app::App,
    http::{functions, health, middleware, pages, v1},
    session,
};
use axum::{
    Router,
    middleware::from_fn_with_state,
    routing::{any, get},
};
use tower_http::{compression::CompressionLayer, limit::RequestBodyLimitLayer};

/// Most bytes of a form (docs/security.md, S28).
const FORM_BYTES: usize = 64 * 1024;

/// The product as one service.
pub fn router(app: App) -> Router {
    // Leptos renders on tokio; a second router in the same process, as in tests, finds that done.
    let _ = any_spawner::Executor::init_tokio();
    let dashboard = Router::new()
        .merge(pages::routes())
        .route("/api/{*function}", any(functions::handle))
        .layer(session::layer(&app))
        .layer(RequestBodyLimitLayer::new(FORM_BYTES))
        .layer(from_fn_with_state(app.clone(), middleware::same_origin::layer))
        .layer(CompressionLayer::new());
    let machine = Router::new()
        .route("/v1/{*path}", any(v1::handle))
        .route("/v1", any(v1::handle))
        .route("/healthz", get(health::healthz));
    Router::new()
        .merge(machine)
        .merge(dashboard)
        .layer(from_fn_with_state(app.clone(), middleware::headers::layer))
        .layer(from_fn_with_state(app.clone(), middleware::request_id::layer))
        .with_state(app)
}
