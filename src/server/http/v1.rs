//! The machine side: `/v1`, called by programs with a key. Every route of the catalogue runs the whole check; the few
//! that this server answers itself have a file here.

mod account;
mod envelope;
mod error;
mod status;

use super::middleware::request_id::RequestId;
use crate::{
    domain::{key::Key, time::Timestamp},
    server::{app::App, service::verify},
};
use axum::{
    Extension,
    extract::{Request, State},
    http::{HeaderValue, header, request::Parts},
    response::Response,
};
use error::V1Error;

/// What an endpoint knows of its caller.
struct Call {
    app: App,
    key: Key,
    now: Timestamp,
}

/// Answers a request to `/v1`.
pub async fn handle(
    State(app): State<App>,
    Extension(RequestId(request_id)): Extension<RequestId>,
    request: Request,
) -> Response {
    let now = app.now();
    match answer(app, &request.into_parts().0, now).await {
        Ok((message, data)) => envelope::success(&request_id, message, now, data),
        Err(error) => error.response(&request_id),
    }
}

async fn answer(
    app: App,
    request: &Parts,
    now: Timestamp,
) -> Result<(&'static str, serde_json::Value), V1Error> {
    let route = app
        .catalog
        .route(request.method.as_str(), request.uri.path())
        .ok_or(V1Error::UnknownRoute)?;
    let authorization = request
        .headers
        .get_all(header::AUTHORIZATION)
        .iter()
        .map(HeaderValue::as_bytes);
    let key = verify::verify(&app, authorization, route.scope, now).await?;
    let call = Call { app, key, now };
    match route.pattern {
        "/v1/status" => Ok(status::get(&call)),
        "/v1/user/account" => account::get(&call).await,
        _ => Err(V1Error::NotServedHere),
    }
}
