//! Every route of the product.

use super::{
    app::App,
    http::{
        assets::{self, LINKS},
        functions, health, middleware, pages, programs,
    },
    session,
};
use axum::{
    Router,
    middleware::from_fn_with_state,
    routing::{any, get},
};
use tower_http::{
    catch_panic::CatchPanicLayer, compression::CompressionLayer, limit::RequestBodyLimitLayer,
    services::ServeDir,
};

/// Most bytes of a form (docs/security.md, S28).
const FORM_BYTES: usize = 64 * 1024;

/// The product as one service.
pub fn router(app: App) -> Router {
    // Leptos renders on tokio; a second router in the same process, as in tests, finds that done.
    let _ = any_spawner::Executor::init_tokio();
    let dashboard = Router::new()
        .merge(pages::routes())
        .merge(watched_files())
        .route("/api/{*function}", any(functions::handle))
        .route(
            "/api/session/{*function}",
            any(functions::handle).layer(pages::open_forms()),
        )
        .layer(session::layer(&app))
        .layer(from_fn_with_state(app.clone(), middleware::session_cookie::layer))
        .layer(RequestBodyLimitLayer::new(FORM_BYTES))
        .layer(from_fn_with_state(app.clone(), middleware::same_origin::layer))
        .layer(CompressionLayer::new());
    let layered = dashboard
        .route("/healthz", get(health::healthz))
        .route("/readyz", get(health::readyz))
        .layer(CatchPanicLayer::new())
        .layer(from_fn_with_state(app.clone(), middleware::request_id::layer))
        .layer(from_fn_with_state(app.clone(), middleware::headers::layer));
    layered.merge(programs::routes()).with_state(app)
}

/// While `cargo leptos watch` runs, its files are served from disk instead of from inside the binary.
fn watched_files() -> Router<App> {
    let options = &LINKS.options;
    if assets::is_watched() {
        let folder = format!("{}/{}", options.site_root, options.site_pkg_dir);
        Router::new().nest_service(&format!("/{}", options.site_pkg_dir), ServeDir::new(folder))
    } else {
        Router::new()
    }
}
