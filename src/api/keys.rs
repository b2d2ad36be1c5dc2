//! Managing keys, for owners of the account.

#![expect(
    missing_docs,
    reason = "the macro leaves no place for the docs of a function's arguments"
)]
#![expect(
    clippy::too_many_arguments,
    reason = "a server function has one for each field of its form"
)]

use super::wire::ApiError;
use super::wire::{AllowlistReading, RevealedKey};
use leptos::prelude::*;

/// Creates a key in the account with this slug.
#[server(prefix = "/api", endpoint = "keys/create")]
pub async fn create_key(
    #[server(default)] account: String,
    #[server(default)] name: String,
    #[server(default)] preset: String,
    #[server(default)] scopes: Vec<String>,
    #[server(default)] expires: String,
    #[server(default)] expires_on: String,
    #[server(default)] allowlist: String,
    #[server(default)] rate_limit: String,
    #[server(default)] form_token: String,
) -> Result<RevealedKey, ApiError> {
    use crate::{
        domain::{key::form::KeyForm, role::Action},
        server::{dashboard::caller, service::keys},
    };
    let (app, manager) = caller::key_manager(&account, Action::CreateKey).await?;
    let form = KeyForm {
        name,
        preset,
        scopes,
        expires,
        expires_on,
        allowlist,
        rate_limit,
        form_token,
    };
    let made = keys::create::create(&app, &manager, &form).await;
    caller::reveal(&app, &manager, &form.form_token, None, made).await
}

/// Gives a new secret to a key that was never used.
#[server(prefix = "/api", endpoint = "keys/reissue")]
pub async fn reissue_secret(
    #[server(default)] account: String,
    #[server(default)] key: String,
    #[server(default)] form_token: String,
) -> Result<RevealedKey, ApiError> {
    use crate::{
        domain::{key::Transition, role::Action},
        server::{
            dashboard::caller,
            service::keys::{meanwhile::explained, reissue},
        },
    };
    let (app, manager) = caller::key_manager(&account, Action::ReissueSecret).await?;
    let made = reissue::reissue(&app, &manager, &key, &form_token).await;
    let ids = [key];
    let made = explained(&app, manager.account.id, Transition::Reissue, &ids, made).await;
    caller::reveal(&app, &manager, &form_token, ids.first().map(String::as_str), made).await
}

/// Parses an allowlist and describes the result; stores nothing.
///
/// # Errors
/// What is wrong with it.
#[server(prefix = "/api", endpoint = "keys/read-allowlist")]
pub async fn read_allowlist(
    #[server(default)] account: String,
    #[server(default)] allowlist: String,
) -> Result<AllowlistReading, ApiError> {
    use crate::{
        domain::role::Action,
        server::{dashboard::caller, service::keys},
    };
    caller::key_manager(&account, Action::CreateKey).await?;
    caller::answer(keys::create::read_allowlist(&allowlist).map(Into::into))
}

/// Creates a replacement for a key. The old key keeps working for `grace` hours.
#[server(prefix = "/api", endpoint = "keys/rotate")]
pub async fn rotate_key(
    #[server(default)] account: String,
    #[server(default)] key: String,
    #[server(default)] grace: String,
    #[server(default)] form_token: String,
) -> Result<RevealedKey, ApiError> {
    use crate::{
        domain::{key::Transition, role::Action},
        server::{
            dashboard::caller,
            service::keys::{meanwhile::explained, rotate},
        },
    };
    let (app, manager) = caller::key_manager(&account, Action::RotateKey).await?;
    let made = rotate::rotate(&app, &manager, &key, &grace, &form_token).await;
    let made = explained(&app, manager.account.id, Transition::Rotate, &[key], made).await;
    caller::reveal(&app, &manager, &form_token, None, made).await
}

/// Ends the grace period of a rotated key `grace` hours after its rotation; 0 ends it now.
#[server(prefix = "/api", endpoint = "keys/change-grace")]
pub async fn change_grace(
    #[server(default)] account: String,
    #[server(default)] key: String,
    #[server(default)] grace: String,
) -> Result<(), ApiError> {
    use crate::{
        domain::{key::Transition, role::Action},
        server::{
            dashboard::caller,
            service::keys::{grace::change_grace, meanwhile::explained},
        },
    };
    let (app, manager) = caller::key_manager(&account, Action::ChangeGrace).await?;
    let changed = change_grace(&app, &manager, &key, &grace).await;
    let changed = explained(&app, manager.account.id, Transition::ChangeGrace, &[key], changed).await;
    caller::finish(&app, &manager, changed)
}

/// Revokes keys.
#[server(prefix = "/api", endpoint = "keys/revoke")]
pub async fn revoke_keys(
    #[server(default)] account: String,
    #[server(default)] keys: Vec<String>,
    #[server(default)] reason: String,
) -> Result<(), ApiError> {
    use crate::{
        domain::{key::Transition, role::Action},
        server::{
            dashboard::caller,
            service::keys::{meanwhile::explained, revoke},
        },
    };
    let (app, manager) = caller::key_manager(&account, Action::RevokeKey).await?;
    let revoked = revoke::revoke(&app, &manager, &keys, &reason).await;
    let revoked = explained(&app, manager.account.id, Transition::Revoke, &keys, revoked).await;
    caller::finish(&app, &manager, revoked)
}

/// Deletes keys and their request logs; `confirm` is the text that the dialog asks for.
#[server(prefix = "/api", endpoint = "keys/delete")]
pub async fn delete_keys(
    #[server(default)] account: String,
    #[server(default)] keys: Vec<String>,
    #[server(default)] confirm: String,
) -> Result<(), ApiError> {
    use crate::{
        domain::{key::Transition, role::Action},
        server::{
            dashboard::caller,
            service::keys::{delete, meanwhile::explained},
        },
    };
    let (app, manager) = caller::key_manager(&account, Action::DeleteKey).await?;
    let deleted = delete::delete(&app, &manager, &keys, &confirm).await;
    let deleted = explained(&app, manager.account.id, Transition::Delete, &keys, deleted).await;
    caller::finish(&app, &manager, deleted)
}
