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
