//! `POST /v1/keys/report-leak`: anyone who has a key can revoke it (docs/security.md, S40). The only route
//! that takes a key in its body, so that its finder does not have to authenticate with it.

use crate::{
    domain::{activity::Trace, ids::KeyId, secret_text::SecretText},
    server::{
        app::App,
        http::{
            CHANGE,
            bodies::{self, Unread},
            client_ip::address_hash,
            media_type,
        },
        machine::{
            call::Call,
            error::{V1Error, no_route::NoRoute},
        },
        runtime::byte_budget::Sender,
        service::{
            keys::leak,
            verify::{self, Refusal},
        },
    },
};
use axum::{body::Body, extract::Request, http::Method, response::Response};
use serde::{Deserialize, Serialize};
use tokio::time::timeout;
use utoipa::ToSchema;

/// Path of the route.
pub const PATH: &str = "/v1/keys/report-leak";

/// Maximum size of a report in bytes.
pub const MOST_BYTES: usize = 16 * 1024;

/// A report of a leaked key.
#[derive(Deserialize, ToSchema)]
pub struct Report {
    /// The full key.
    #[schema(value_type = String, max_length = 128)]
    key: SecretText,
}

/// The key that was revoked.
#[derive(Serialize, ToSchema)]
pub struct Reported<'a> {
    /// The key.
    #[schema(value_type = String, format = "uuid")]
    apikey_id: KeyId,
    /// Its first nine characters.
    apikey_prefix: &'a str,
}

const MESSAGE: &str = "API key revoked. Its owners are told.";

/// The body is no report.
pub(super) const NO_REPORT: V1Error = V1Error::InvalidInput {
    field: "key",
    message: "Send the key as JSON, in the form {\"key\": \"...\"}.",
};

/// Revokes the key in the body.
pub async fn handle(app: &App, request_id: &str, request: Request) -> Response {
    let (request, body) = request.into_parts();
    let call = Call::v1(app, request_id, &request);
    let answered = answer(&call, body).await;
    call.finish(answered)
}

async fn answer(call: &Call<'_>, body: Body) -> Result<Response, V1Error> {
    let &Call { app, client, now, .. } = call;
    if call.sent.method != Method::POST.as_str() {
        return Err(V1Error::NoRoute(NoRoute::takes(&["POST"])));
    }
    // Reports need no key, so the body of an address that has tried too many unknown keys is refused.
    verify::may_try(app, client, now)?;
    let trace = Trace {
        request_id: call.request_id.to_owned(),
        ip_hash: address_hash(app, client),
    };
    let report = read(call, body).await?;
    let known = verify::identify(app, &app.catalog(), report.key.expose().as_bytes(), client, now).await?;
    let key = &known.key;
    match timeout(CHANGE, leak::report(app, key, &trace, now)).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) if !error.is_unanswered() => return Err(Refusal::Unavailable(error).into()),
        Ok(Err(_)) | Err(_) => return Err(V1Error::Unanswered),
    }
    let data = Reported {
        apikey_id: key.id,
        apikey_prefix: &key.prefix,
    };
    Ok(call.success(MESSAGE, data))
}

/// Parses the report. Not with axum's extractor, whose errors have no envelope.
async fn read(call: &Call<'_>, body: Body) -> Result<Report, V1Error> {
    let headers = call.sent.headers;
    if !media_type::is_json(headers) {
        return Err(NO_REPORT);
    }
    let sender = Sender::Stranger(call.client.network());
    let read = bodies::read(call.app, headers, body, MOST_BYTES, sender).await;
    let whole = read.map_err(|unread| match unread {
        Unread::TooLarge => V1Error::ReportTooLarge,
        Unread::Busy => V1Error::Unavailable,
        Unread::Slow | Unread::Broken => NO_REPORT,
    })?;
    serde_json::from_slice(&whole.bytes).map_err(|_| NO_REPORT)
}
