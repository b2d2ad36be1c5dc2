//! What `/v1` and forward-auth have in common: the question, its verdict, what is noted of it, and how a refusal reads.

pub mod envelope;
pub mod error;
pub mod logged;

use crate::{
    domain::{catalog::Route, log::KeyUse, time::Timestamp},
    server::{
        app::App,
        key_cache::Known,
        limits::quota::Quota,
        service::verify::{self, Question, Refusal, Verdict},
    },
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use error::V1Error;
use logged::{Asked, Outcome};

const LIMIT: HeaderName = HeaderName::from_static("x-ratelimit-limit");
const REMAINING: HeaderName = HeaderName::from_static("x-ratelimit-remaining");
const RESET: HeaderName = HeaderName::from_static("x-ratelimit-reset");

/// Decides whether a request may pass.
pub async fn judge(app: &App, asked: &Asked<'_>, now: Timestamp) -> Verdict {
    let authorization = asked.headers.get_all(header::AUTHORIZATION).iter();
    let question = Question {
        method: asked.method,
        path: asked.path,
        authorization: authorization.map(HeaderValue::as_bytes),
        client: asked.client,
        now,
    };
    verify::judge(app, question).await
}

/// Notes a request that was made with a key of ours, and how it was answered.
pub fn note(
    app: &App,
    asked: &Asked<'_>,
    (key, route): (&Known, &Route),
    outcome: Outcome,
    error: Option<&V1Error>,
) {
    let key_use = match error {
        Some(V1Error::Refused(Refusal::Revoked | Refusal::Expired)) => KeyUse::AfterEnd,
        Some(V1Error::Refused(_)) => KeyUse::Refused,
        _ => KeyUse::Accepted,
    };
    let entry = logged::entry(app, &key.key, route, asked, outcome);
    app.recorder.request(entry, key_use);
}

/// Says how a key stands with its limits (docs.babysea.ai, `/sdk/errors`).
pub fn say_quota(headers: &mut HeaderMap, quota: Option<Quota>) {
    if let Some(quota) = quota {
        headers.insert(LIMIT, HeaderValue::from(quota.limit));
        headers.insert(REMAINING, HeaderValue::from(quota.remaining));
        headers.insert(RESET, HeaderValue::from(quota.resets_at));
    }
}
