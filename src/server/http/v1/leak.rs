//! `POST /v1/keys/report-leak`: whoever holds a key revokes it with it (docs/security.md, S40). The only route that
//! takes a key in its body, since whoever finds one should not have to use it.

use crate::{
    domain::secret::SecretText,
    server::{
        app::App,
        client::Client,
        http::{
            client,
            machine::{envelope, error::V1Error},
            middleware::request_id::RequestId,
        },
        service::{
            leak,
            verify::{self, Refusal},
        },
    },
};
use axum::{
    Extension, Json,
    extract::{FromRequest as _, Request, State},
    http::Method,
    response::Response,
};
use serde::Deserialize;
use serde_json::json;

/// What is sent.
#[derive(Deserialize)]
struct Report {
    /// The full key.
    key: SecretText,
}

/// Revokes the key in the body.
pub async fn handle(
    State(app): State<App>,
    Extension(RequestId(request_id)): Extension<RequestId>,
    from: Client,
    request: Request,
) -> Response {
    let now = app.now();
    let reported = async {
        if request.method() != Method::POST {
            return Err(V1Error::Refused(Refusal::UnknownRoute));
        }
        let (parts, body) = request.into_parts();
        let trace = client::trace(&app, &parts);
        let body = Json::<Report>::from_request(Request::from_parts(parts, body), &()).await;
        let Json(report) = body.map_err(|_| V1Error::InvalidInput {
            field: "key",
            message: "Send the key as JSON, in the form {\"key\": \"...\"}.",
        })?;
        let key = verify::identify(&app, &app.catalog(), report.key.expose().as_bytes(), from, now).await?;
        let done = leak::report(&app, &key.key, &trace, now).await;
        done.map_err(Refusal::Unavailable)?;
        Ok(json!({ "apikey_id": key.key.id.to_string(), "apikey_prefix": key.key.prefix }))
    };
    match reported.await {
        Ok(data) => envelope::success(&request_id, "API key revoked. Its owners are told.", now, &data),
        Err(error) => error.response(&request_id),
    }
}
