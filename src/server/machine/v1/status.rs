//! `GET /v1/status`: how a new key is verified.

use crate::domain::{
    ids::{AccountId, KeyId},
    key::Key,
    time::Timestamp,
};
use serde::Serialize;
use utoipa::ToSchema;

/// The key of the request.
#[derive(Serialize, ToSchema)]
pub struct KeyStatus<'a> {
    /// The account that the key belongs to.
    #[schema(value_type = String, format = "uuid")]
    account_id: AccountId,
    /// The key.
    #[schema(value_type = String, format = "uuid")]
    apikey_id: KeyId,
    /// Name of the key.
    apikey_name: &'a str,
    /// Its prefix and five random characters.
    apikey_prefix: &'a str,
    /// When it was created.
    #[schema(format = DateTime)]
    apikey_created_at: String,
    /// Time of its last use: the current time, because this call is a use.
    #[schema(format = DateTime)]
    apikey_last_used_at: String,
    /// When it expires; null for a key that does not expire.
    #[schema(required, format = DateTime)]
    apikey_expires_at: Option<String>,
}

pub(super) const MESSAGE: &str = "API connected successfully";

/// The vendor's seven fields.
pub(super) fn get(key: &Key, now: Timestamp) -> KeyStatus<'_> {
    KeyStatus {
        account_id: key.account,
        apikey_id: key.id,
        apikey_name: key.name.as_str(),
        apikey_prefix: &key.prefix,
        apikey_created_at: key.created_at.iso(),
        apikey_last_used_at: now.iso(),
        apikey_expires_at: key.end().map(Timestamp::iso),
    }
}
