//! `GET /v1/user/account`: the account a key belongs to.

use super::{Call, V1Error};
use crate::{
    domain::time::Timestamp,
    server::{service::verify::Refusal, store::Tables as _},
};
use serde_json::{Value, json};

/// The account's profile. There are no pictures here, so that field is always null.
pub async fn get(call: &Call) -> Result<(&'static str, Value), V1Error> {
    let profile = async {
        call.app
            .store
            .read()
            .await?
            .accounts()
            .profile(call.key.account)
            .await
    };
    let profile = profile
        .await
        .map_err(Refusal::Unavailable)?
        .ok_or(V1Error::AccountNotFound)?;
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
