//! Teams.

#![expect(
    missing_docs,
    reason = "the macro leaves no place for the docs of a function's arguments"
)]

use super::wire::ApiError;
use leptos::prelude::*;

/// Makes a team of which the caller is primary owner. Returns the path to go to.
///
/// # Errors
/// What to show at the form.
#[server(prefix = "/api", endpoint = "teams/create")]
pub async fn create_team(#[server(default)] name: String) -> Result<String, ApiError> {
    use crate::server::{
        dashboard::{functions, pages::keys_path},
        service::teams,
    };
    let (app, viewer) = functions::signed_in().await?;
    let trace = functions::trace(&app);
    let owner = teams::Owner {
        id: viewer.id,
        name: &viewer.name,
        trace: &trace,
    };
    let team = teams::create(&app, owner, &name).await;
    functions::answer(team.map(|team| keys_path(&team.slug)))
}
