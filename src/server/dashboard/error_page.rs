//! Error pages: every response with an error status that is not a page yet becomes one. They need no database.
//!
//! Handlers, extractors and middleware only set the status; a [`Problem`] among the response's extensions replaces the
//! usual sentences. Server functions get the same sentence as JSON, and
//! programs never come here: `/v1`, forward-auth and health checks are outside this layer.

use super::{
    answer::spelled,
    document, functions,
    page_request::PageRequest,
    pages::frame,
    sign_in::{is_own_page, own_page},
};
use crate::{
    api::wire::ApiError,
    server::{app::App, http::RETRY_AFTER},
    ui::pages::error::ErrorPage,
};
use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use leptos::prelude::*;
use std::borrow::Cow;

/// Title for an address whose path or query cannot be parsed.
pub const UNREADABLE: &str = "This address cannot be read";

/// What an error page says.
#[derive(Clone, Debug)]
pub struct Problem {
    /// What happened.
    pub title: &'static str,
    /// What it means, and what to do.
    pub text: Cow<'static, str>,
    /// Address and label of the link that leads on; `None` for the usual one.
    pub link: Option<(String, &'static str)>,
}

impl Problem {
    /// A problem with these sentences.
    #[must_use]
    pub fn new(title: &'static str, text: impl Into<Cow<'static, str>>) -> Self {
        Self {
            title,
            text: text.into(),
            link: None,
        }
    }

    /// The same problem with another link that leads on.
    #[must_use]
    pub fn with_link(self, href: String, label: &'static str) -> Self {
        Self {
            link: Some((href, label)),
            ..self
        }
    }

    /// A response with this status. [`layer`] renders the problem in the format of the caller.
    #[must_use]
    pub fn refuse(self, status: StatusCode) -> Response {
        let mut response = status.into_response();
        response.extensions_mut().insert(self);
        response
    }

    /// The problem that a status stands for, where nothing more is known.
    fn of(status: StatusCode) -> Self {
        match status {
            StatusCode::BAD_REQUEST => Self::new(
                UNREADABLE,
                "A part of its path is damaged. Copy the address again, or go on from your API keys.",
            ),
            StatusCode::NOT_FOUND => Self::new(
                "Page not found",
                "It may have been deleted, or it belongs to another account.",
            ),
            StatusCode::METHOD_NOT_ALLOWED => Self::new(
                "This address is not a page",
                "It only receives a form. Open the dashboard and use the button there.",
            ),
            StatusCode::REQUEST_TIMEOUT => Self::new(
                "The form took too long to arrive",
                "Check your connection and send it again.",
            ),
            StatusCode::PAYLOAD_TOO_LARGE => Self::new(
                "The form is too long",
                "Shorten what you typed and send it again.",
            ),
            StatusCode::UNSUPPORTED_MEDIA_TYPE => Self::new(
                "The form cannot be read",
                "It was not sent as application/x-www-form-urlencoded, the only format that this server accepts. Reload the page and send it again.",
            ),
            StatusCode::UNPROCESSABLE_ENTITY => Self::new(
                "The form cannot be read",
                "A field is missing, damaged or sent twice. Reload the page and send it again.",
            ),
            StatusCode::TOO_MANY_REQUESTS => {
                Self::new("Too many attempts", "This address sent too many requests.")
            }
            StatusCode::SERVICE_UNAVAILABLE => {
                Self::new("The server is busy", "It cannot answer at the moment.")
            }
            status if status.is_client_error() => Self::new("This did not work", "Open the page again."),
            _ => Self::new(
                "Something went wrong",
                "This is an error of the server. If it happens again, give the request id to the person who runs this server.",
            ),
        }
    }
}

/// Whether a later attempt can succeed without a change.
fn is_temporary(status: StatusCode) -> bool {
    status.is_server_error()
        || matches!(
            status,
            StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT
        )
}

/// Whether the page of a signed-in person has its navigation. It is read from the database, so a page about the server's
/// own trouble or about too many requests has none.
fn keeps_frame(status: StatusCode) -> bool {
    status.is_client_error() && status != StatusCode::UNAUTHORIZED && !is_temporary(status)
}

/// Address and label of the link that leads on.
fn way_on(visit: &PageRequest, status: StatusCode) -> (String, &'static str) {
    let is_shown_again = own_page(&visit.path) == visit.path;
    match status {
        StatusCode::FORBIDDEN if !visit.is_read && !visit.is_own_form() => {
            (visit.app.origin.as_str().to_owned(), "Open the dashboard")
        }
        status if is_temporary(status) && visit.is_read => (own_page(&visit.path).to_owned(), "Try again"),
        StatusCode::NOT_FOUND | StatusCode::BAD_REQUEST => ("/".to_owned(), "Go to your API keys"),
        _ if !visit.is_read && is_shown_again => (visit.path.clone(), "Back to the page"),
        _ => ("/".to_owned(), "Go to your API keys"),
    }
}

/// The page of a problem. `wait`: seconds after which a retry makes sense, for `Retry-After` and the text.
pub async fn page(visit: &PageRequest, status: StatusCode, problem: Problem, wait: Option<u32>) -> Response {
    let Problem { title, text, link } = problem;
    let text = match wait {
        Some(seconds) => format!("{text} Try again in {}.", spelled(seconds)),
        None => text.into_owned(),
    };
    let link = link.unwrap_or_else(|| way_on(visit, status));
    let frame = if keeps_frame(status) {
        frame::of_visitor(visit).await
    } else {
        None
    };
    let request_id = status
        .is_server_error()
        .then(|| visit.trace.request_id.clone())
        .filter(|id| !id.is_empty());
    // People paste secrets into addresses: the page of one that does not exist does not repeat it.
    let path = if is_own_page(&visit.path) && status != StatusCode::NOT_FOUND {
        visit.path.clone()
    } else {
        "/".to_owned()
    };
    let shown = PageRequest {
        path,
        ..visit.clone()
    };
    let view = move || {
        view! {
            <ErrorPage
                code=status.as_u16()
                title
                text=text.clone()
                link=link.clone()
                request_id=request_id.clone()
                frame=frame.clone()
            />
        }
    };
    let mut response = document::render(&shown, status, title, view).await;
    if let Some(seconds) = wait {
        response
            .headers_mut()
            .insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

/// The middleware.
pub async fn layer(State(app): State<App>, request: Request, next: Next) -> Response {
    let mut visit = PageRequest::of(&app, request.method(), request.headers(), request.uri());
    let function = functions::path_of(request.uri().path());
    let response = next.run(request).await;
    let status = response.status();
    if !(status.is_client_error() || status.is_server_error()) || is_finished(response.headers()) {
        return response;
    }
    let (mut parts, _) = response.into_parts();
    let problem = parts.extensions.remove::<Problem>();
    let problem = problem.unwrap_or_else(|| Problem::of(status));
    let named = parts
        .headers
        .get(header::RETRY_AFTER)
        .and_then(|seconds| seconds.to_str().ok()?.parse().ok());
    let wait = named.or_else(|| (status == StatusCode::SERVICE_UNAVAILABLE).then_some(RETRY_AFTER));
    let mut page = if let Some(path) = function {
        functions::not_called(path, (status, ApiError::message(problem.text)))
    } else {
        visit.trace.request_id = request_id(&parts.headers);
        page(&visit, status, problem, wait).await
    };
    let replaced = [header::CONTENT_TYPE, header::CONTENT_LENGTH, header::RETRY_AFTER];
    for (name, value) in &parts.headers {
        if !replaced.contains(name) {
            page.headers_mut().append(name, value.clone());
        }
    }
    page
}

/// Whether the response has a content of its own: a page, or the JSON of a server function.
fn is_finished(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).map(HeaderValue::as_bytes);
    kind.is_some_and(|kind| kind.starts_with(b"text/html") || kind.starts_with(b"application/json"))
}

fn request_id(headers: &HeaderMap) -> String {
    let id = headers.get("x-request-id").and_then(|id| id.to_str().ok());
    id.unwrap_or_default().to_owned()
}
