//! Teams.

#![expect(
    missing_docs,
    reason = "the macro leaves no place for the docs of a function's arguments"
)]

use super::wire::ApiError;
use leptos::prelude::*;

/// Creates a team with the caller as primary owner. Returns the path of the next page.
#[server(prefix = "/api", endpoint = "teams/create")]
pub async fn create_team(#[server(default)] name: String) -> Result<String, ApiError> {
    use crate::domain::paths;
    use crate::server::{dashboard::caller, service::teams};
    let (app, viewer) = caller::signed_in().await?;
    let trace = caller::trace(&app);
    let owner = teams::Owner {
        id: viewer.id,
        name: &viewer.name,
        trace: &trace,
    };
    let team = teams::create(&app, owner, &name).await;
    caller::answer(team.map(|team| paths::keys(&team.slug)))
}
