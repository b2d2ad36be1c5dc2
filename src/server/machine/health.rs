//! Health checks: `/healthz`, `/readyz`, and `/metrics` on its own address.

use crate::{
    domain::head_limits,
    server::{app::App, http::request_head},
};
use axum::{
    Json, Router,
    extract::{RawQuery, Request, State},
    http::{StatusCode, header},
    middleware::{Next, from_fn},
    response::{IntoResponse as _, Response},
    routing::get,
};
use serde_json::{Value, json};
use std::{sync::atomic::Ordering, time::Duration};
use tokio::time::timeout;

/// Time limit for the database.
const PATIENCE: Duration = Duration::from_secs(1);

/// The response to another method than GET and HEAD.
pub async fn other_method() -> Response {
    let body = json!({ "status": "refused", "message": "Health checks are read with GET or HEAD." });
    (StatusCode::METHOD_NOT_ALLOWED, Json(body)).into_response()
}

/// Always 200: the process runs, whether or not the database does.
pub async fn healthz() -> Json<Value> {
    Json(json!({ "status": "ok" }))
}

/// 200 if the server is ready for requests (docs/security.md, S94). 503 after SIGTERM (S80), while the
/// database is read-only, and while a supervised task is down. With `?checks` it is 200 as long as keys can
/// be checked, so that a load balancer in front of the machine API keeps a server with a read-only database.
pub async fn readyz(State(app): State<App>, RawQuery(query): RawQuery) -> Response {
    let query = query.unwrap_or_default();
    let only_checks = query
        .split('&')
        .any(|part| part.split('=').next() == Some("checks"));
    let reason = if app.stopping.load(Ordering::SeqCst) {
        Some(json!({ "reason": "stopping" }))
    } else if only_checks {
        (!can_check(&app).await).then(|| json!({ "reason": "database" }))
    } else if !matches!(timeout(PATIENCE, app.store.is_writable()).await, Ok(true)) {
        Some(json!({ "reason": "database" }))
    } else {
        let task = app.tasks.down();
        task.map(|task| json!({ "reason": "task", "task": task }))
    };
    let (status, mut body) = match reason {
        None => (StatusCode::OK, json!({ "status": "ok" })),
        Some(mut body) => {
            body["status"] = "unavailable".into();
            (StatusCode::SERVICE_UNAVAILABLE, body)
        }
    };
    // The server is ready: changes are accepted, and written to the journal later (S83).
    if let Some(trouble) = app.store.journal_trouble() {
        body["journal"] = trouble.into();
    }
    if app.config.backup_dir.is_some() {
        body["backup"] = json!({ "age_seconds": app.backup_age() });
    }
    (status, Json(body)).into_response()
}

/// Whether keys can be checked: with the database, or for a while with the cache.
async fn can_check(app: &App) -> bool {
    if matches!(timeout(PATIENCE, app.store.ping()).await, Ok(Ok(()))) {
        return true;
    }
    let stale = app.config.stale_if_db_down;
    !stale.is_zero() && app.store.changes().since_poll().is_some_and(|ago| ago <= stale)
}

/// The router of `METRICS_LISTEN`.
pub fn metrics_router(app: App) -> Router {
    let router = Router::new().route("/metrics", get(metrics));
    router.layer(from_fn(with_host)).with_state(app)
}

/// The check that the router does for all other requests.
async fn with_host(request: Request, next: Next) -> Response {
    match request_head::check(&request, head_limits::USUAL) {
        Ok(()) => next.run(request).await,
        Err(fault) if fault.limit().is_some() => {
            (StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, fault.sentence()).into_response()
        }
        Err(fault) => (StatusCode::BAD_REQUEST, fault.sentence()).into_response(),
    }
}

async fn metrics(State(app): State<App>) -> Response {
    match app.metrics.text(&app.gauges()) {
        Ok(text) => {
            let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
            ([(header::CONTENT_TYPE, kind)], text).into_response()
        }
        Err(error) => {
            tracing::error!(error = %error, "the metrics could not be encoded");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}
