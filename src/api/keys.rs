//! Managing keys, for owners of the account.

#![expect(
    missing_docs,
    reason = "the macro leaves no place for the docs of a function's arguments"
)]

use super::error::ApiError;
use crate::domain::secret::SecretText;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

/// A key that was just made: the one answer that holds its secret (docs/security.md, S33).
#[derive(Debug, Serialize, Deserialize)]
pub struct CreatedKey {
    /// Id.
    pub id: String,
    /// Name.
    pub name: String,
    /// The preset's name for people.
    pub preset: String,
    /// The full text.
    pub secret: SecretText,
}

/// Makes a key in the account with this slug.
///
/// # Errors
/// What to show at the form.
#[server(prefix = "/api", endpoint = "keys/create")]
pub async fn create_key(
    #[server(default)] account: String,
    #[server(default)] name: String,
    #[server(default)] preset: String,
    #[server(default)] form_token: String,
) -> Result<CreatedKey, ApiError> {
    use crate::server::{http::functions, service};
    let (app, manager) = functions::key_manager(&account).await?;
    let created = service::keys::create(&app, &manager, &name, &preset, &form_token).await;
    functions::answer(created.map(Into::into))
}
