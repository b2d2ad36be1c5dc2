//! Pages, and plain form posts to their URLs. The other entry point of the forms is `api`; both call the same
//! use cases.

mod activity;
mod create_team;
mod frame;
mod gates;
mod guard;
mod key;
mod keys;
mod not_found;
mod scopes;
mod sign_in;
mod sign_out;
mod sign_up;
mod theme;

use super::{
    answer::refusal,
    document,
    page_request::PageRequest,
    sign_in::{self as http_session, Welcome},
};
use crate::{
    domain::paths,
    server::{access::Viewer, app::App, dashboard::session, error::ServiceError, http::RETRY_AFTER},
    ui::pages::error::ErrorPage,
};
use axum::{
    Router,
    extract::FromRequestParts,
    http::{HeaderValue, StatusCode, header, request::Parts},
    middleware::from_fn_with_state,
    response::{IntoResponse, Redirect, Response},
    routing::{MethodRouter, get, post},
};
use leptos::prelude::*;
use tower_sessions::Session;

/// Every page and its form. A form without a gate gets an empty body (see
/// [`bodies`](crate::server::http::bodies)).
pub fn routes(app: &App) -> Router<App> {
    // These three need no sign-in.
    let open = |form: MethodRouter<App>| form.route_layer(from_fn_with_state(app.clone(), gates::open));
    let member = |form: MethodRouter<App>| form.route_layer(from_fn_with_state(app.clone(), gates::member));
    Router::new()
        .route("/", get(root))
        .route("/sign-up", get(sign_up::show).merge(open(post(sign_up::submit))))
        .route("/sign-in", get(sign_in::show).merge(open(post(sign_in::submit))))
        .route("/theme", open(post(theme::submit)))
        .route("/sign-out", post(sign_out::submit))
        .route(
            "/home/create-team",
            get(create_team::show).merge(member(post(create_team::submit))),
        )
        .route(
            "/home/{account}/api-keys",
            get(keys::show).merge(member(post(keys::submit))),
        )
        .route("/home/{account}/api-keys/dialog", get(keys::dialog::show))
        .route("/home/{account}/api-keys/{key}", get(key::show))
        .route("/home/{account}/activity", get(activity::show))
        .route("/home/{account}/activity/export", get(activity::export))
        .route("/home/{account}/guard", get(guard::show))
        .route("/home/{account}/guard/{proxy}", get(guard::download))
        .route("/home/{account}/scopes", get(scopes::show))
        .fallback(not_found::show)
        .layer(from_fn_with_state(app.clone(), gates::page))
}

/// Extractor of the signed-in person; others are redirected to sign-in and back.
struct SignedIn(PageRequest, Viewer);

impl FromRequestParts<App> for SignedIn {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Response> {
        let Ok(visit) = PageRequest::from_request_parts(parts, app).await;
        let session = Session::from_request_parts(parts, app)
            .await
            .map_err(IntoResponse::into_response)?;
        match session::viewer(app, &session).await {
            Ok(Some(viewer)) => Ok(Self(visit, viewer)),
            Ok(None) => Err(to_sign_in(&visit.path)),
            Err(error) => Err(failure(&visit, error).await),
        }
    }
}

/// Redirects to sign-in, and back to `path` afterwards.
fn to_sign_in(path: &str) -> Response {
    let query: String = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("next", path)
        .finish();
    Redirect::to(&format!("{}?{query}", paths::SIGN_IN)).into_response()
}

/// `/` redirects to the keys, or to sign-in.
async fn root(visit: PageRequest, browser: Session) -> Response {
    let viewer = session::viewer(&visit.app, &browser).await;
    let target = match viewer {
        Ok(Some(viewer)) => http_session::home(&visit.app, viewer.id).await,
        Ok(None) => Ok(paths::SIGN_IN.to_owned()),
        Err(error) => Err(error),
    };
    match target {
        Ok(path) => Redirect::to(&path).into_response(),
        Err(error) => failure(&visit, error).await,
    }
}

/// The error page, for failures without a form.
async fn failure(visit: &PageRequest, error: ServiceError) -> Response {
    if matches!(error, ServiceError::NotFound) {
        return not_found::page(visit).await;
    }
    let (status, told) = refusal(error);
    let sentence = told.message.unwrap_or_default();
    let page =
        move || view! { <ErrorPage code=status.as_u16() title="This did not work" text=sentence.clone()/> };
    with_retry(status, document::render(visit, status, "Error", page).await)
}

fn with_retry(status: StatusCode, mut response: Response) -> Response {
    if status == StatusCode::SERVICE_UNAVAILABLE {
        response
            .headers_mut()
            .insert(header::RETRY_AFTER, HeaderValue::from(RETRY_AFTER));
    }
    response
}

/// Adds `Retry-After`, if a retry makes sense.
fn with_wait(seconds: Option<u32>, mut response: Response) -> Response {
    if let Some(seconds) = seconds {
        response
            .headers_mut()
            .insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

/// Redirects to the person's page after sign-in or sign-up.
fn welcome(led: Welcome) -> Response {
    let mut response = Redirect::to(&led.path).into_response();
    if let Some(cookie) = led.cookie {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}
