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
    use crate::domain::{done::Done, paths};
    use crate::server::{dashboard::caller, service::teams};
    let (app, viewer) = caller::signed_in().await?;
    let trace = caller::trace(&app);
    let owner = teams::Owner {
        id: viewer.id,
        name: &viewer.name,
        trace: &trace,
    };
    let team = caller::answer(teams::create(&app, owner, &name).await)?;
    caller::keep_status(&app, &team.slug, Done::TeamCreated(team.name));
    Ok(format!("{}#{}", paths::keys(&team.slug), paths::STATUS))
}
