//! What is kept of a request that was made with a key.

use std::sync::Arc;

use super::{
    ids::{AccountId, KeyId},
    time::Timestamp,
};

/// What a request was to its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyUse {
    /// The key was accepted.
    Accepted,
    /// It was refused since it was revoked, or past its end.
    AfterEnd,
    /// It was refused for another reason.
    Refused,
}

/// A row of the request log (docs.babysea.ai, `/logs/overview`). Bodies, keys and addresses are no part of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogEntry {
    /// The request's id, as in its answer.
    pub request_id: String,
    /// Whose key it was.
    pub account: AccountId,
    /// The key.
    pub key: KeyId,
    /// HTTP method.
    pub method: String,
    /// Pattern of the route in the catalogue.
    pub route: Arc<str>,
    /// Path of the request.
    pub path: String,
    /// The query, with what may be secret masked.
    pub params: String,
    /// HTTP status of the answer.
    pub status: u16,
    /// Code of the refusal.
    pub error_code: Option<&'static str>,
    /// First 12 hex digits of the address's HMAC-SHA-256 under the pepper; nothing when the address was unreadable.
    pub ip_hash: Option<String>,
    /// What the client calls itself, cut.
    pub user_agent: String,
    /// When it was answered.
    pub at: Timestamp,
}
