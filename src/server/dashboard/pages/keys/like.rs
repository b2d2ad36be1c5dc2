//! `Create another like this`: the form `Add API key`, filled in from a key of the account.

use super::Keys;
use crate::{
    api::wire::{ApiError, FormState},
    domain::{
        key::{Key, form::KeyForm},
        paths,
    },
    server::{dashboard::fields, error::ServiceError, service::keys::find},
    ui::pages::keys::DETAIL,
};

const GONE: &str = "The key to copy no longer exists, so this form is empty.";

/// What the form says of the key that it was filled in from, and where `Cancel` leads.
fn named(keys: &Keys, key: &Key, state: FormState) -> FormState {
    let state = state
        .with("like", key.name.as_str())
        .with("like_id", key.id.to_string());
    if keys.asked.from == DETAIL {
        state.with("back", paths::key_below(&keys.page(), key.id))
    } else {
        state
    }
}

/// The refused form, which says again which key it was filled in from, if that is still there.
pub async fn again(keys: &Keys, state: FormState) -> FormState {
    let like = &keys.asked.like;
    if like.is_empty() {
        return state;
    }
    match find(keys.app(), &keys.reader, like).await {
        Ok(key) => named(keys, &key, state),
        Err(_) => state,
    }
}

/// The form with the values of the key that the URL names in `like`; `fresh` without one.
///
/// # Errors
/// Other than `NotFound`: without the key, the form is empty and says so.
pub async fn form(keys: &Keys, fresh: FormState) -> Result<FormState, ServiceError> {
    let asked = &keys.asked;
    if asked.like.is_empty() {
        return Ok(fresh);
    }
    let key = match find(keys.app(), &keys.reader, &asked.like).await {
        Ok(key) => key,
        Err(ServiceError::NotFound) => return Ok(fresh.refused(ApiError::message(GONE))),
        Err(error) => return Err(error),
    };
    let (form, gone) = KeyForm::like(&key, &keys.app().catalog(), keys.app().now());
    let form = KeyForm {
        form_token: fresh.value("form_token"),
        ..form
    };
    let state = named(keys, &key, fields::state(&form));
    Ok(if gone.is_empty() {
        state
    } else {
        let sentence = format!("Left out, because they no longer exist: {}.", gone.join(", "));
        state.refused(ApiError::message(sentence))
    })
}
