//! The rate-limit headers of responses.

use crate::server::service::verify::quota::Quota;
use axum::http::{HeaderMap, HeaderName, HeaderValue};

/// Requests a minute.
pub(super) const LIMIT: HeaderName = HeaderName::from_static("x-ratelimit-limit");
const REMAINING: HeaderName = HeaderName::from_static("x-ratelimit-remaining");
const RESET: HeaderName = HeaderName::from_static("x-ratelimit-reset");

/// Adds the rate-limit headers (docs.babysea.ai, `/sdk/errors`).
pub fn add(headers: &mut HeaderMap, quota: Option<Quota>) {
    if let Some(quota) = quota {
        headers.insert(LIMIT, HeaderValue::from(quota.limit));
        headers.insert(REMAINING, HeaderValue::from(quota.remaining));
        headers.insert(RESET, HeaderValue::from(quota.resets_at));
    }
}
