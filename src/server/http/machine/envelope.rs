//! The frame of every answer on `/v1` (docs.babysea.ai, `/setup/api`).

use crate::domain::time::Timestamp;
use axum::{
    Json,
    response::{IntoResponse, Response},
};
use serde::Serialize;
use serde_json::Value;

/// A struct, so that the fields come in the order in which people read them.
#[derive(Serialize)]
struct Success<'a> {
    status: &'static str,
    request_id: &'a str,
    message: &'static str,
    timestamp: String,
    data: &'a Value,
}

/// A success with its data.
pub fn success(request_id: &str, message: &'static str, now: Timestamp, data: &Value) -> Response {
    Json(Success {
        status: "success",
        request_id,
        message,
        timestamp: now.iso(),
        data,
    })
    .into_response()
}
