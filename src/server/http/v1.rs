//! The machine side: `/v1`, called by programs with a key. Every route of the catalogue runs the whole check; the few
//! that this server answers itself have a file here.

mod account;
pub mod leak;
mod status;
mod usage;

use super::{
    machine::{
        self, Door, envelope,
        error::V1Error,
        logged::{Asked, Outcome},
    },
    middleware::request_id::RequestId,
};
use crate::{
    domain::{catalog::Route, key::Key, time::Timestamp},
    server::{app::App, client::Client},
};
use axum::{
    Extension,
    extract::{Request, State},
    response::Response,
};

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
    let asked = Asked {
        method: request.method.as_str(),
        path: request.uri.path(),
        query: request.uri.query().unwrap_or_default(),
        headers: &request.headers,
        client,
    };
    let verdict = machine::judge(&app, Door::V1, &asked, now).await;
    let answered = match (verdict.outcome, &verdict.key, &verdict.route) {
        (Err(refusal), ..) => Err(refusal.into()),
        (Ok(()), Some(known), Some(route)) => {
            let call = Call {
                app: &app,
                key: &known.key,
                query: asked.query,
                now,
            };
            answer(route, &call).await
        }
        // Nothing passes without a key and a route.
        (Ok(()), ..) => Err(V1Error::NotServedHere),
    };
    let mut response = match &answered {
        Ok((message, data)) => envelope::success(&request_id, message, now, data),
        Err(error) => error.response(&request_id),
    };
    machine::say_quota(response.headers_mut(), verdict.quota);
    if let (Some(known), Some(route)) = (&verdict.key, &verdict.route) {
        let error = answered.as_ref().err();
        let outcome = Outcome {
            request_id,
            status: response.status().as_u16(),
            error_code: error.map(V1Error::code),
            at: now,
        };
        machine::note(&app, &asked, (known, route), outcome, error);
    }
    response
}

async fn answer(route: &Route, call: &Call<'_>) -> Answered {
    match &*route.pattern {
        "/v1/status" => Ok(status::get(call)),
        "/v1/user/account" => account::get(call).await,
        "/v1/usage" => usage::get(call).await,
        _ => Err(V1Error::NotServedHere),
    }
}
