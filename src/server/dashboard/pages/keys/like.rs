//! `Create another like this`: the form `Add API key`, filled in from a key of the account.

use super::Keys;
use crate::{
    api::wire::{ApiError, FormState},
    domain::{key::form::KeyForm, paths},
    server::{dashboard::fields, error::ServiceError, service::keys::find},
    ui::pages::keys::DETAIL,
};

const GONE: &str = "The key to copy no longer exists, so this form is empty.";

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
    let state = fields::state(&form)
        .with("like", key.name.as_str())
        .with("like_row", format!("key-{}", key.id));
    let state = if asked.from == DETAIL {
        state.with("back", paths::key_below(&keys.page(), key.id))
    } else {
        state
    };
    Ok(if gone.is_empty() {
        state
    } else {
        let sentence = format!("Left out, because they no longer exist: {}.", gone.join(", "));
        state.refused(ApiError::message(sentence))
    })
}
