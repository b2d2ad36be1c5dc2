//! `GET /v1/user/account`: the account a key belongs to.

use super::{Answered, Call, V1Error};
use crate::server::service::{accounts, verify::Refusal};
use serde_json::json;

/// The account's profile. There are no pictures here, so that field is always null.
pub async fn get(call: &Call<'_>) -> Answered {
    let profile = accounts::profile(call.app, call.key.account)
        .await
        .map_err(Refusal::Unavailable)?;
    let profile = profile.ok_or(V1Error::AccountNotFound)?;
    let personal = profile.is_personal;
    let data = json!({
        "account_id": call.key.account,
        "account_name": profile.name,
        // A team has no address of its own, and a key is no reason to tell its owner's.
        "account_email": personal.then_some(profile.email),
        "account_is_personal": personal,
        "account_picture_url": null,
        "account_created_at": profile.created_at.iso(),
    });
    Ok(("Account retrieved successfully", data))
}
