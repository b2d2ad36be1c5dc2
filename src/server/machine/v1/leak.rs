//! `POST /v1/keys/report-leak`: anyone who has a key can revoke it (docs/security.md, S40). The only route
//! that takes a key in its body, so that its finder does not have to authenticate with it. Whatever stands around a
//! key does not matter, because a text with a whole key proves that its sender has it (S98).

use crate::{
    domain::{
        activity::Trace,
        ids::KeyId,
        key::Key,
        secret_text::SecretText,
        token::{self, found},
    },
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
            verify::{self, Refusal, cache::Known},
        },
    },
};
use axum::{body::Body, extract::Request, http::Method, response::Response};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use tokio::time::timeout;
use utoipa::ToSchema;
use zeroize::Zeroizing;

/// Path of the route.
pub const PATH: &str = "/v1/keys/report-leak";

/// Maximum size of a report in bytes.
pub const MOST_BYTES: usize = 16 * 1024;

/// A report of leaked keys.
#[derive(Deserialize, ToSchema)]
pub struct Report {
    /// The text that was found, with one or up to 100 whole keys in it. Other text around them does not matter.
    #[schema(value_type = String, max_length = 16384)]
    key: SecretText,
}

/// The only key in a report, which was revoked.
#[derive(Serialize, ToSchema)]
pub struct Reported<'a> {
    /// The key.
    #[schema(value_type = String, format = "uuid")]
    apikey_id: KeyId,
    /// Its prefix and five random characters.
    apikey_prefix: &'a str,
}

/// The keys of a report with several keys, in the order in which they were found.
#[derive(Serialize, ToSchema)]
pub struct ReportedKeys {
    /// Each key, once.
    #[schema(min_items = 2, max_items = 100)]
    apikeys: Vec<ReportedKey>,
}

/// A key of a report with several keys.
#[derive(Serialize, ToSchema)]
pub struct ReportedKey {
    /// The key; null unless it was revoked.
    #[schema(value_type = Option<String>, format = "uuid", required)]
    apikey_id: Option<KeyId>,
    /// Its prefix and five random characters.
    apikey_prefix: String,
    #[schema(inline)]
    result: Outcome,
}

/// What happened to a key of a report.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Outcome {
    /// It is revoked.
    Revoked,
    /// This server has no such key.
    Unknown,
    /// It was not looked up, because this address has reported too many unknown keys in this minute.
    NotChecked,
}

const MESSAGE: &str = "API key revoked. Its owners are told.";
const SEVERAL: &str = "The result for each API key is in the list. The owners of revoked keys are told.";

/// The body is no report.
pub(super) const NO_REPORT: V1Error = wrong("Send the key as JSON, in the form {\"key\": \"...\"}.");
/// The body has more keys than a report may have.
const TOO_MANY: V1Error = wrong("A report has at most 100 API keys. Send them in several reports.");

/// The report is refused with this sentence.
const fn wrong(message: &'static str) -> V1Error {
    V1Error::InvalidInput {
        field: "key",
        message,
    }
}

/// Revokes the keys in the body.
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
    let keys = keys_in(report.key.expose())?;
    // The body may have taken long to arrive.
    let now = app.now();
    let found = timeout(CHANGE, look_up(call, &keys)).await;
    let found = found.map_err(|_| V1Error::Unavailable)??;
    let known: Vec<&Key> = found
        .iter()
        .filter_map(|known| Some(&known.as_ref().ok()?.key))
        .collect();
    if !known.is_empty() {
        match timeout(CHANGE, leak::report(app, &known, &trace, now)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) if !error.is_unanswered() => return Err(Refusal::Unavailable(error).into()),
            Ok(Err(_)) | Err(_) => return Err(V1Error::Unanswered),
        }
    }
    if let ([_], [known]) = (keys.as_slice(), known.as_slice()) {
        let data = Reported {
            apikey_id: known.id,
            apikey_prefix: &known.prefix,
        };
        return Ok(call.success(MESSAGE, data));
    }
    let reported = keys.iter().zip(found).map(|(text, known)| match known {
        Ok(known) => ReportedKey {
            apikey_id: Some(known.key.id),
            apikey_prefix: known.key.prefix.clone(),
            result: Outcome::Revoked,
        },
        Err(result) => ReportedKey {
            apikey_id: None,
            apikey_prefix: token::display_prefix(text),
            result,
        },
    });
    let apikeys = reported.collect();
    Ok(call.success(SEVERAL, ReportedKeys { apikeys }))
}

/// The whole keys in a text, each once.
///
/// # Errors
/// `InvalidInput` with what is there instead, or if there are too many.
fn keys_in(text: &str) -> Result<Vec<SecretText>, V1Error> {
    let text = Zeroizing::new(found::visible(text).into_owned());
    let mut keys: Vec<&str> = Vec::new();
    for key in found::whole(&text) {
        if !keys.contains(&key) {
            if keys.len() == leak::MOST {
                return Err(TOO_MANY);
            }
            keys.push(key);
        }
    }
    if keys.is_empty() {
        return Err(wrong(found::missing(&text)));
    }
    Ok(keys
        .into_iter()
        .map(|key| SecretText::new(key.to_owned()))
        .collect())
}

/// Looks the keys up, one after another. Unknown ones count against the limit of the client. At the limit the rest is
/// not looked up, so that a report costs a stranger as much as so many requests.
///
/// # Errors
/// `Unavailable`, and for a single key every refusal.
async fn look_up(call: &Call<'_>, keys: &[SecretText]) -> Result<Vec<Result<Arc<Known>, Outcome>>, V1Error> {
    let &Call { app, client, now, .. } = call;
    let catalog = app.catalog();
    let mut found = Vec::with_capacity(keys.len());
    let mut is_over = false;
    for key in keys {
        if is_over {
            found.push(Err(Outcome::NotChecked));
            continue;
        }
        found.push(
            match verify::identify(app, &catalog, key.expose().as_bytes(), client, now).await {
                Ok(known) => Ok(known),
                Err(refusal) if keys.len() == 1 => return Err(refusal.into()),
                Err(Refusal::Unavailable(error)) => return Err(Refusal::Unavailable(error).into()),
                Err(Refusal::TooManyUnknown(_)) => {
                    is_over = true;
                    Err(Outcome::NotChecked)
                }
                Err(_) => Err(Outcome::Unknown),
            },
        );
    }
    Ok(found)
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
        Unread::TooLarge(_) => V1Error::ReportTooLarge,
        Unread::Busy => V1Error::Unavailable,
        Unread::Slow | Unread::Broken => NO_REPORT,
    })?;
    serde_json::from_slice(&whole.bytes).map_err(|_| NO_REPORT)
}
