//! Pages: what a browser asks for by address, and the plain form posts to the same addresses. The other door of the
//! forms is `api`; both call the same use case.

mod keys;
mod not_found;
mod sign_in;
mod sign_out;
mod sign_up;

use super::{document, refusal, session as http_session};
use crate::{
    api::error::ApiError,
    server::{
        app::App,
        service::ServiceError,
        session::{self, Viewer},
    },
    ui::pages::error::ErrorPage,
};
use axum::{
    Router,
    extract::{FromRequestParts, OriginalUri, State},
    http::{HeaderValue, StatusCode, header, request::Parts},
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use leptos::prelude::*;
use tower_sessions::Session;

/// Every page.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/", get(root))
        .route("/sign-up", get(sign_up::show).post(sign_up::submit))
        .route("/sign-in", get(sign_in::show).post(sign_in::submit))
        .route("/sign-out", post(sign_out::submit))
        .route("/home/{account}/api-keys", get(keys::show).post(keys::submit))
        .fallback(not_found::show)
}

/// The person whose page this is; whoever is not signed in is sent to sign in and back again.
struct SignedIn(Viewer);

impl FromRequestParts<App> for SignedIn {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Response> {
        let session = Session::from_request_parts(parts, app)
            .await
            .map_err(IntoResponse::into_response)?;
        match session::viewer(app, &session).await {
            Ok(Some(viewer)) => Ok(Self(viewer)),
            Ok(None) => {
                let page = parts
                    .extensions
                    .get::<OriginalUri>()
                    .map_or(&parts.uri, |original| &original.0);
                let page = page.path_and_query().map_or("/", |page| page.as_str());
                let query: String = url::form_urlencoded::Serializer::new(String::new())
                    .append_pair("next", page)
                    .finish();
                Err(Redirect::to(&format!("/sign-in?{query}")).into_response())
            }
            Err(error) => Err(failure(app, error).await),
        }
    }
}

/// `/` leads to the keys, or to signing in.
async fn root(State(app): State<App>, browser: Session) -> Response {
    let viewer = session::viewer(&app, &browser).await;
    let target = match viewer {
        Ok(Some(viewer)) => http_session::home(&app, viewer.id).await,
        Ok(None) => Ok("/sign-in".to_owned()),
        Err(error) => Err(error),
    };
    match target {
        Ok(path) => Redirect::to(&path).into_response(),
        Err(error) => failure(&app, error).await,
    }
}

/// A page that says what went wrong when there is no form to say it at.
async fn failure(app: &App, error: ServiceError) -> Response {
    if matches!(error, ServiceError::NotFound) {
        return not_found::page(app).await;
    }
    let (status, told) = refusal(error);
    let sentence = told.message.unwrap_or_default();
    let page =
        move || view! { <ErrorPage code=status.as_u16() title="This did not work" text=sentence.clone()/> };
    with_retry(status, document::render(app, status, "Error", page).await)
}

/// The status and the words for a form that is drawn again.
fn refused(error: ServiceError) -> (StatusCode, ApiError) {
    refusal(error)
}

fn with_retry(status: StatusCode, mut response: Response) -> Response {
    if status == StatusCode::SERVICE_UNAVAILABLE {
        response
            .headers_mut()
            .insert(header::RETRY_AFTER, HeaderValue::from(super::RETRY_AFTER));
    }
    response
}
