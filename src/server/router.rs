//! Every route of the product.

use super::{
    app::App,
    http::{
        assets::{self, LINKS},
        forward_auth, functions, health, middleware, pages, v1,
    },
    session,
};
use axum::{
    Extension, Router,
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
    let machine = Router::new()
        .route(v1::leak::PATH, any(v1::leak::handle))
        .route(
            v1::openapi::PATH,
            any(v1::openapi::handle).layer(Extension(v1::openapi::Made::default())),
        )
        .route("/v1/{*path}", any(v1::handle))
        .route("/v1", any(v1::handle))
        .route("/v1/", any(v1::handle))
        .route("/forward-auth", any(forward_auth::handle))
        .route("/forward-auth/nginx", any(forward_auth::handle_nginx))
        .route("/forward-auth/{*path}", any(forward_auth::handle_envoy))
        .route("/forward-auth/", any(forward_auth::handle_envoy))
        .route("/healthz", get(health::healthz))
        .route("/readyz", get(health::readyz));
    Router::new()
        .merge(machine)
        .merge(dashboard)
        .layer(CatchPanicLayer::new())
        .layer(from_fn_with_state(app.clone(), middleware::request_id::layer))
        .layer(from_fn_with_state(app.clone(), middleware::headers::layer))
        .with_state(app)
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
