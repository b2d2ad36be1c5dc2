//! Sign-up and sign-in: the two public server functions.

#![expect(
    missing_docs,
    reason = "the macro leaves no place for the docs of a function's arguments"
)]

use super::wire::ApiError;
use crate::domain::password::Password;
use leptos::prelude::*;

/// Creates a person and signs them in. Returns the path of the next page.
#[server(prefix = "/api", endpoint = "session/sign-up")]
pub async fn sign_up(
    #[server(default)] name: String,
    #[server(default)] email: String,
    #[server(default)] password: Password,
) -> Result<String, ApiError> {
    use crate::server::dashboard::sign_in;
    let visitor = sign_in::Visitor::calling();
    sign_in::welcome(visitor.sign_up(&name, &email, &password).await)
}

/// Signs a person in. Returns the path of the next page.
#[server(prefix = "/api", endpoint = "session/sign-in")]
pub async fn sign_in(
    #[server(default)] email: String,
    #[server(default)] password: Password,
    #[server(default)] next: String,
) -> Result<String, ApiError> {
    use crate::server::dashboard::sign_in;
    let visitor = sign_in::Visitor::calling();
    sign_in::welcome(visitor.sign_in(&email, &password, &next).await)
}
