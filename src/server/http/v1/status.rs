//! `GET /v1/status`: how a new key is verified.

use super::Call;
use serde_json::{Value, json};

/// The seven fields of the vendor. The call counts itself, so the last use is now.
pub fn get(call: &Call<'_>) -> (&'static str, Value) {
    let data = json!({
        "account_id": call.key.account,
        "apikey_id": call.key.id,
        "apikey_name": call.key.name,
        "apikey_prefix": call.key.prefix,
        "apikey_created_at": call.key.created_at.iso(),
        "apikey_last_used_at": call.now.iso(),
        "apikey_expires_at": call.key.expires_at.map(crate::domain::time::Timestamp::iso),
    });
    ("API connected successfully", data)
}
