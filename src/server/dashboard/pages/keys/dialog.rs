//! `/home/{account}/api-keys/dialog`: a dialog of the list as a fragment, which scripts insert into the open
//! page. The query is that of the page with the dialog.

use super::{KeyDialog, Keys, SignedIn, failure, list::Asked, opened};
use crate::{
    server::{
        config::trusted_proxies::Client,
        dashboard::{
            answer::refusal,
            document,
            fields::Query,
            pages::keys::{confirm, create_data, keys},
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

/// The fragment.
pub async fn show(
    SignedIn(visit, viewer): SignedIn,
    client: Client,
    Path(slug): Path<String>,
    Query(asked): Query<Asked>,
) -> Response {
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
