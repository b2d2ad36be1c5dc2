//! The machine side: `/v1`, called by programs with a key. Every route of the catalogue runs the whole check; the few
//! that this server answers itself have a file here.

mod account;
mod envelope;
mod error;
pub mod leak;
mod logged;
mod status;
mod usage;

use super::middleware::request_id::RequestId;
use crate::{
    domain::{catalog::Route, key::Key, log::KeyUse, time::Timestamp},
    server::{
        app::App,
        client::Client,
        service::verify::{self, Refusal, Refused},
    },
};
use axum::{
    Extension,
    extract::{Request, State},
    http::{HeaderValue, header},
    response::Response,
};
use error::V1Error;

/// What an endpoint knows of its caller.
struct Call<'r> {
    app: &'r App,
    key: &'r Key,
    query: &'r str,
    now: Timestamp,
}

type Answered = Result<(&'static str, serde_json::Value), V1Error>;

/// Answers a request to `/v1`.
pub async fn handle(
    State(app): State<App>,
    Extension(RequestId(request_id)): Extension<RequestId>,
    client: Client,
    request: Request,
) -> Response {
    let now = app.now();
    let request = request.into_parts().0;
    let Some(route) = app.catalog.route(request.method.as_str(), request.uri.path()) else {
        return V1Error::UnknownRoute.response(&request_id);
    };
    let authorization = request.headers.get_all(header::AUTHORIZATION).iter();
    let verdict = verify::verify(
        &app,
        authorization.map(HeaderValue::as_bytes),
        client,
        route.scope,
        now,
    )
    .await;
    let (key, answered) = match verdict {
        Ok(key) => {
            let query = request.uri.query().unwrap_or_default();
            let call = Call {
                app: &app,
                key: &key,
                query,
                now,
            };
            let answered = answer(route, &call).await;
            (Some(Box::new(key)), answered)
        }
        Err(Refused { reason, key }) => (key, Err(V1Error::Refused(reason))),
    };
    let response = match &answered {
        Ok((message, data)) => envelope::success(&request_id, message, now, data),
        Err(error) => error.response(&request_id),
    };
    if let Some(key) = key {
        let error_code = answered.as_ref().err().map(V1Error::code);
        let outcome = logged::Outcome {
            request_id,
            status: response.status().as_u16(),
            error_code,
            at: now,
        };
        let entry = logged::entry(&app, &key, route, &request, client, outcome);
        let key_use = match answered {
            Err(V1Error::Refused(Refusal::Revoked | Refusal::Expired)) => KeyUse::AfterEnd,
            Err(V1Error::Refused(_)) => KeyUse::Refused,
            _ => KeyUse::Accepted,
        };
        app.recorder.request(entry, key_use);
    }
    response
}

async fn answer(route: &Route, call: &Call<'_>) -> Answered {
    match route.pattern {
        "/v1/status" => Ok(status::get(call)),
        "/v1/user/account" => account::get(call).await,
        "/v1/usage" => usage::get(call).await,
        _ => Err(V1Error::NotServedHere),
    }
}
