//! The frame of every answer on `/v1` (docs.babysea.ai, `/setup/api`).

use crate::domain::time::Timestamp;
use axum::{
    Json,
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

/// A success with its data.
pub fn success(request_id: &str, message: &'static str, now: Timestamp, data: Value) -> Response {
    let body = json!({
        "status": "success",
        "request_id": request_id,
        "message": message,
        "timestamp": now.iso(),
        "data": data,
    });
    Json(body).into_response()
}
