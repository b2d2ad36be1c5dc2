//! `GET /v1/user/account`: the account a key belongs to.

use super::{Call, V1Error};
use crate::{
    domain::time::Timestamp,
    server::service::{accounts, verify::Refusal},
};
use serde_json::{Value, json};

/// The account's profile. There are no pictures here, so that field is always null.
pub async fn get(call: &Call) -> Result<(&'static str, Value), V1Error> {
    let profile = accounts::profile(&call.app, call.key.account)
        .await
        .map_err(Refusal::Unavailable)?;
    let profile = profile.ok_or(V1Error::AccountNotFound)?;
    let data = json!({
        "account_id": call.key.account,
        "account_name": profile.name,
        "account_email": profile.email,
        "account_is_personal": true,
        "account_picture_url": null,
        "account_created_at": Timestamp::from_millis(profile.created_at).iso(),
    });
    Ok(("Account retrieved successfully", data))
}
