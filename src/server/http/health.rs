//! `GET /healthz`: the process answers.

use axum::Json;
use serde_json::{Value, json};

/// Always 200: it says that the process runs, not that the database does.
pub async fn healthz() -> Json<Value> {
    Json(json!({ "status": "ok" }))
}
