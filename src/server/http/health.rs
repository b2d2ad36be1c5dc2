//! How the process is: `/healthz`, `/readyz`, and `/metrics` on an address of its own.

use crate::server::app::App;
use axum::{
    Json, Router,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse as _, Response},
    routing::get,
};
use serde_json::{Value, json};
use std::{sync::atomic::Ordering, time::Duration};
use tokio::time::timeout;

/// How long the database may take to answer.
const PATIENCE: Duration = Duration::from_secs(1);

/// Always 200: it says that the process runs, not that the database does.
pub async fn healthz() -> Json<Value> {
    Json(json!({ "status": "ok" }))
}

/// 200 if requests may be sent here. 503 from the moment the server is told to stop (docs/security.md, S80), and while
/// the database does not answer.
pub async fn readyz(State(app): State<App>) -> Response {
    let reason = if app.stopping.load(Ordering::SeqCst) {
        Some("stopping")
    } else {
        match timeout(PATIENCE, app.store.ping()).await {
            Ok(Ok(())) => None,
            Ok(Err(_)) | Err(_) => Some("database"),
        }
    };
    match reason {
        None => Json(json!({ "status": "ok" })).into_response(),
        Some(reason) => {
            let told = Json(json!({ "status": "unavailable", "reason": reason }));
            (StatusCode::SERVICE_UNAVAILABLE, told).into_response()
        }
    }
}

/// What is served at `METRICS_LISTEN`.
pub fn metrics_router(app: App) -> Router {
    Router::new().route("/metrics", get(metrics)).with_state(app)
}

async fn metrics(State(app): State<App>) -> Response {
    match app.metrics.text(&app.levels()) {
        Ok(text) => {
            let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
            ([(header::CONTENT_TYPE, kind)], text).into_response()
        }
        Err(error) => {
            tracing::error!(error = %error, "the figures could not be written");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}
