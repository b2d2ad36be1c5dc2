//! `POST /v1/keys/report-leak`: whoever holds a key revokes it with it (docs/security.md, S40). The only route that
//! takes a key in its body, since whoever finds one should not have to use it.

use crate::{
    domain::{activity::Trace, ids::KeyId, secret_text::SecretText},
    server::{
        app::App,
        config::trusted_proxies::Client,
        http::{
            CHANGE,
            bodies::{self, Unread},
            client_ip, media_type,
        },
        machine::{envelope, error::V1Error},
        runtime::byte_budget::Sender,
        service::{
            keys::leak,
            verify::{self, Refusal},
        },
    },
};
use axum::{
    body::Body,
    extract::Request,
    http::{HeaderMap, Method},
    response::Response,
};
use serde::{Deserialize, Serialize};
use tokio::time::timeout;
use utoipa::ToSchema;

/// Where leaks are reported, by POST.
pub const PATH: &str = "/v1/keys/report-leak";

/// Most bytes of a report: a key, and what stands around it.
const MOST_BYTES: usize = 16 * 1024;

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

/// What was sent is no report.
pub(super) const NO_REPORT: V1Error = V1Error::InvalidInput {
    field: "key",
    message: "Send the key as JSON, in the form {\"key\": \"...\"}.",
};

/// Revokes the key in the body.
pub async fn handle(app: &App, request_id: &str, from: Client, request: Request) -> Response {
    let now = app.now();
    let reported = async {
        if request.method() != Method::POST {
            return Err(V1Error::Refused(Refusal::UnknownRoute));
        }
        // A stranger's body: not from an address that has tried too many unknown keys.
        verify::may_try(app, from, now)?;
        let (parts, body) = request.into_parts();
        let trace = Trace {
            request_id: request_id.to_owned(),
            ip_hash: client_ip::address_hash(app, from),
        };
        let report = read(app, from, &parts.headers, body).await?;
        let key = verify::identify(app, &app.catalog(), report.key.expose().as_bytes(), from, now).await?;
        match timeout(CHANGE, leak::report(app, &key.key, &trace, now)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) if !error.is_unanswered() => return Err(Refusal::Unavailable(error).into()),
            Ok(Err(_)) | Err(_) => return Err(V1Error::Unanswered),
        }
        let data = Reported {
            apikey_id: key.key.id,
            apikey_prefix: &key.key.prefix,
        };
        Ok(envelope::success(request_id, MESSAGE, now, data))
    };
    reported
        .await
        .unwrap_or_else(|error: V1Error| error.response(request_id))
}

/// The report in a body. It is read here and not by axum, whose refusals have no envelope.
async fn read(app: &App, from: Client, headers: &HeaderMap, body: Body) -> Result<Report, V1Error> {
    if !media_type::is_json(headers) {
        return Err(NO_REPORT);
    }
    let sender = Sender::Stranger(from.network());
    let read = bodies::read(app, headers, body, MOST_BYTES, sender).await;
    let whole = read.map_err(|unread| match unread {
        Unread::TooLarge => V1Error::ReportTooLarge,
        Unread::Busy => V1Error::Unavailable,
        Unread::Slow | Unread::Broken => NO_REPORT,
    })?;
    serde_json::from_slice(&whole.bytes).map_err(|_| NO_REPORT)
}
