//! `/home/{account}/api-keys/dialog`: a dialog of the list as a fragment, which scripts insert into the open
//! page. The query is that of the page with the dialog.

use super::{KeyDialog, Keys, failure, list::Asked, opened};
use crate::{
    server::{
        config::trusted_proxies::Client,
        dashboard::{
            answer::refusal,
            document,
            error_page::{self, Problem},
            fields::Query,
            page_request::PageRequest,
            pages::keys::{confirm, create_data, keys},
            session,
        },
        error::ServiceError,
    },
    ui::pages::keys::{CreateForm, Ended, EndedData, Question},
};
use axum::{
    extract::Path,
    http::StatusCode,
    response::{IntoResponse as _, Redirect, Response},
};
use leptos::prelude::*;
use tower_sessions::Session;

/// The fragment. Without a session it is 401, and the cookies stay as they are: the script then loads the page, which
/// redirects to sign-in and says there why.
pub async fn show(
    visit: PageRequest,
    browser: Session,
    client: Client,
    Path(slug): Path<String>,
    Query(asked): Query<Asked>,
) -> Response {
    // Loading a session that has ended would remove its cookie.
    let viewer = match session::is_live(&visit.app, &browser).await {
        Ok(true) => session::viewer(&visit.app, &browser).await,
        Ok(false) => Ok(None),
        Err(error) => Err(error),
    };
    let viewer = match viewer {
        Ok(Some(viewer)) => viewer,
        Ok(None) => {
            let problem = Problem::new("You are not signed in", "Sign in, then open the API keys.");
            return error_page::page(&visit, StatusCode::UNAUTHORIZED, problem, None).await;
        }
        Err(error) => return failure(&visit, error).await,
    };
    let keys = match keys(visit, viewer, client, &slug, asked).await {
        Ok(keys) => keys,
        Err(response) => return response,
    };
    let (account, view) = (keys.reader.account.slug.clone(), keys.view());
    match opened(&keys).await {
        Ok((KeyDialog::Question(data), _)) => {
            let data = *data;
            document::fragment(StatusCode::OK, move || {
                view! { <Question data account view in_place=true/> }
            })
        }
        Ok((KeyDialog::Create, form)) => {
            let create = create_data(&keys, form);
            document::fragment(StatusCode::OK, move || {
                view! { <CreateForm create account view open=false/> }
            })
        }
        Ok(_) => Redirect::to(&view.href).into_response(),
        Err(
            error @ (ServiceError::Gone(sentence)
            | ServiceError::Ended(sentence)
            | ServiceError::Forbidden(sentence)),
        ) => {
            let data = EndedData {
                title: title(&keys),
                sentence,
                back: confirm::way_back(&keys).await,
            };
            let (status, _) = refusal(error);
            document::fragment(status, move || view! { <Ended data view open=false/> })
        }
        Err(error) => failure(&keys.visit, error).await,
    }
}

fn title(keys: &Keys) -> &'static str {
    confirm::action(&keys.asked.dialog).map_or("API keys", |action| action.label())
}
