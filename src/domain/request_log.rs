//! The request log: what is stored about a request with a key.

use std::sync::Arc;

use super::{
    ids::{AccountId, KeyId},
    time::Timestamp,
};

/// Effect of a request on the usage of its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyUse {
    /// The key was accepted.
    Accepted,
    /// The key was refused because it was revoked or past its end.
    AfterEnd,
    /// The key was refused for another reason.
    Refused,
}

/// A row of the request log (docs.babysea.ai, `/logs/overview`). It has no body, no key and no client
/// address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogEntry {
    /// Request id, as in the response.
    pub request_id: String,
    /// Account of the key.
    pub account: AccountId,
    /// The key.
    pub key: KeyId,
    /// HTTP method.
    pub method: String,
    /// Pattern of the route in the catalogue.
    pub route: Arc<str>,
    /// Path of the request.
    pub path: String,
    /// The query, with values that can be secret masked.
    pub params: String,
    /// HTTP status of the response.
    pub status: u16,
    /// Error code of a refusal.
    pub error_code: Option<&'static str>,
    /// First 12 hex digits of the HMAC-SHA-256 of the client's address under the pepper; `None` if the
    /// address is unknown.
    pub ip_hash: Option<String>,
    /// `User-Agent` of the client, truncated.
    pub user_agent: String,
    /// Time of the response.
    pub at: Timestamp,
}
