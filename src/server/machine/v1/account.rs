//! `GET /v1/user/account`: the account of the key. The OpenAPI document shows the doc comments of the struct.

use super::V1Error;
use crate::{
    domain::{ids::AccountId, key::Key},
    server::{
        app::App,
        service::{accounts, verify::Refusal},
    },
};
use serde::Serialize;
use utoipa::ToSchema;

/// The account of the key.
#[derive(Serialize, ToSchema)]
#[expect(clippy::struct_field_names, reason = "the names are part of the contract")]
pub struct AccountProfile {
    /// The account.
    #[schema(value_type = String, format = "uuid")]
    account_id: AccountId,
    /// Name of the account.
    account_name: String,
    /// Email of the owner of a personal account; null for a team.
    #[schema(required)]
    account_email: Option<String>,
    /// Whether it is a personal account.
    account_is_personal: bool,
    /// Always null: this server has no pictures.
    #[schema(required, value_type = Option<String>)]
    account_picture_url: (),
    /// When it was created.
    #[schema(format = DateTime)]
    account_created_at: String,
}

pub(super) const MESSAGE: &str = "Account retrieved successfully";

/// The account's profile.
pub(super) async fn get(app: &App, key: &Key) -> Result<AccountProfile, V1Error> {
    let profile = accounts::profile(app, key.account)
        .await
        .map_err(Refusal::Unavailable)?;
    let profile = profile.ok_or(V1Error::AccountNotFound)?;
    Ok(AccountProfile {
        account_id: key.account,
        account_name: profile.name,
        // A team has no email of its own, and a key must not reveal its owner's.
        account_email: profile.is_personal.then_some(profile.email),
        account_is_personal: profile.is_personal,
        account_picture_url: (),
        account_created_at: profile.created_at.iso(),
    })
}
