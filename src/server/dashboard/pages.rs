//! Pages, and plain form posts to their URLs. The other entry point of the forms is `api`; both call the same
//! use cases.

mod activity;
mod create_team;
pub mod frame;
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
    answer::{refusal, retry_after},
    error_page::{self, Problem},
    page_request::PageRequest,
    sign_in::{self as http_session, Welcome},
};
use crate::{
    api::wire::ApiError,
    domain::paths,
    server::{access::Viewer, app::App, dashboard::session, error::ServiceError, http::RETRY_AFTER},
};
use axum::{
    Router,
    extract::FromRequestParts,
    http::{HeaderValue, StatusCode, header, request::Parts},
    middleware::from_fn_with_state,
    response::{IntoResponse, Redirect, Response},
    routing::{MethodRouter, get, post},
};
use sign_in::Reason;
use std::borrow::Cow;
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
        .route(
            "/home/{account}/activity",
            get(activity::show).merge(member(post(activity::find))),
        )
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
            Ok(None) => Err(to_sign_in(&visit, Some(&visit.path))),
            Err(error) => Err(failure(&visit, error).await),
        }
    }
}

/// Redirects to sign-in, and to `next` afterwards. An export leads to its page: it is made there, and never by an address
/// that was kept during a sign-in.
fn to_sign_in(visit: &PageRequest, next: Option<&str>) -> Response {
    let target = next.map_or_else(
        || paths::SIGN_IN.to_owned(),
        |next| {
            let query: String = url::form_urlencoded::Serializer::new(String::new())
                .append_pair("next", paths::without_export(next).unwrap_or(next))
                .finish();
            format!("{}?{query}", paths::SIGN_IN)
        },
    );
    let redirect = Redirect::to(&target).into_response();
    if visit.has_cookie() {
        sign_in::because(&visit.app, Reason::Ended, redirect)
    } else {
        redirect
    }
}

/// `/` redirects to the keys, or to sign-in.
async fn root(visit: PageRequest, browser: Session) -> Response {
    let viewer = session::viewer(&visit.app, &browser).await;
    let target = match viewer {
        Ok(Some(viewer)) => http_session::home(&visit.app, viewer.id).await,
        Ok(None) => return to_sign_in(&visit, None),
        Err(error) => Err(error),
    };
    match target {
        Ok(path) => Redirect::to(&path).into_response(),
        Err(error) => failure(&visit, error).await,
    }
}

/// The error page, for failures without a form.
async fn failure(visit: &PageRequest, error: ServiceError) -> Response {
    let wait = retry_after(&error).filter(|_| !error.is_unanswered());
    let title = match &error {
        ServiceError::NotFound => return not_found::page(),
        ServiceError::Forbidden(_) => "You are not allowed to do this",
        ServiceError::Overloaded(_) | ServiceError::Busy(_) => "The server is busy",
        error if error.is_unanswered() => "The result is not known",
        ServiceError::Store(_) | ServiceError::Session(_) => "The server cannot do this right now",
        ServiceError::Wait(_) => "Too many attempts",
        _ => "This did not work",
    };
    // The page says itself when to try again, and it has no form that keeps what was entered.
    let own = match &error {
        error if error.is_unanswered() => None,
        ServiceError::Store(_) | ServiceError::Session(_) => {
            Some("There is a problem with its database, and nothing was changed.")
        }
        ServiceError::Busy(_) => Some("It cannot answer at the moment."),
        ServiceError::Wait(_) => Some("This was tried too often."),
        _ => None,
    };
    let (status, refused) = refusal(error);
    let text: Cow<'static, str> = own.map_or_else(|| refused.message.unwrap_or_default().into(), Into::into);
    error_page::page(visit, status, Problem::new(title, text), wait).await
}

fn with_retry(status: StatusCode, mut response: Response) -> Response {
    if status == StatusCode::SERVICE_UNAVAILABLE {
        response
            .headers_mut()
            .insert(header::RETRY_AFTER, HeaderValue::from(RETRY_AFTER));
    }
    response
}

/// The page of a refused form: `page` renders it with the error. Has `Retry-After`, if a retry makes sense.
async fn refused_form(
    error: ServiceError,
    page: impl AsyncFnOnce(StatusCode, ApiError) -> Response,
) -> Response {
    let seconds = retry_after(&error);
    let (status, error) = refusal(error);
    let mut response = page(status, error).await;
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
