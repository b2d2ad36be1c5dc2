//! `/home/create-team`.

use super::{SignedIn, failure, frame, refused_form};
use crate::{
    api::{teams::CreateTeam, wire::FormState},
    domain::{done::Done, paths},
    server::{
        access::Viewer,
        dashboard::{document, fields::Form, page_request::PageRequest, status},
        service::teams,
    },
    ui::pages::create_team::CreateTeamPage,
};
use axum::{
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use leptos::prelude::*;

/// The empty form.
pub async fn show(SignedIn(visit, viewer): SignedIn) -> Response {
    page(&visit, &viewer, StatusCode::OK, FormState::default()).await
}

/// The form, posted without scripts.
pub async fn submit(SignedIn(visit, viewer): SignedIn, Form(form): Form<CreateTeam>) -> Response {
    let owner = teams::Owner {
        id: viewer.id,
        name: &viewer.name,
        trace: &visit.trace,
    };
    match teams::create(&visit.app, owner, &form.name).await {
        Ok(team) => {
            let next = format!("{}#{}", paths::keys(&team.slug), paths::STATUS);
            let mut response = Redirect::to(&next).into_response();
            let done = Done::TeamCreated(team.name);
            status::add(&visit.app, &visit.holder, &team.slug, done, &mut response);
            response
        }
        Err(error) => {
            let state = FormState::default().with("name", form.name);
            let page = async |status, error| page(&visit, &viewer, status, state.refused(error)).await;
            refused_form(error, page).await
        }
    }
}

/// The page, in the frame of the account that the person visited last.
async fn page(visit: &PageRequest, viewer: &Viewer, status: StatusCode, form: FormState) -> Response {
    let frame = match frame::of_home(visit, viewer).await {
        Ok(frame) => frame,
        Err(error) => return failure(visit, error).await,
    };
    let page = move || view! { <CreateTeamPage frame=frame.clone() form=form.clone()/> };
    document::render(visit, status, "Create team", page).await
}
