//! Gates of page forms: who may send one, and how long it may be (docs/security.md, S28 and S89). The handlers run once
//! the body has arrived, so that they check the person's state at that time.

use super::{failure, to_sign_in};
use crate::server::{
    app::App,
    dashboard::{
        answer::unanswered,
        error_page::{self, Problem},
        page_request::PageRequest,
        session,
    },
    error::ServiceError,
    http::{
        CHANGE, PASSWORD, RETRY_AFTER,
        bodies::{self, Unread},
        client_ip, media_type, request_id,
    },
    runtime::{byte_budget::Sender, log_limit::LogLimit},
};
use axum::{
    extract::{FromRequestParts as _, Request, State},
    http::{StatusCode, request::Parts},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use std::time::Duration;
use tokio::time::timeout;
use tower_sessions::Session;

/// Time limit of a page: a little shorter than the limit of all reads, whose response is not a page.
const PAGE: Duration = Duration::from_millis(4_800);

/// Time limit of every page: if the database hangs, the response is an error page (docs/security.md, S76).
pub async fn page(State(app): State<App>, request: Request, next: Next) -> Response {
    static LINES: LogLimit = LogLimit::new();
    if !request_id::is_page(&request) {
        return next.run(request).await;
    }
    let (parts, body) = request.into_parts();
    let copy = parts.clone();
    if let Ok(response) = timeout(PAGE, next.run(Request::from_parts(parts, body))).await {
        return response;
    }
    if LINES.allows() {
        tracing::warn!("a page took too long");
    }
    let problem = Problem::new("The server cannot answer right now", "This page took too long.");
    late(&app, copy, problem, Some(RETRY_AFTER)).await
}

/// Gate of a form that needs no sign-in.
pub async fn open(State(app): State<App>, request: Request, next: Next) -> Response {
    let from = client_ip::of(&app, request.headers(), request.extensions());
    let sender = Sender::Stranger(from.network());
    pass(&app, request, next, bodies::OPEN_FORM, sender, PASSWORD).await
}

/// Gate of a form that needs sign-in. The form of anyone else is refused without reading it.
pub async fn member(State(app): State<App>, request: Request, next: Next) -> Response {
    let browser = request.extensions().get::<Session>().cloned();
    let is_live = match browser {
        Some(browser) => timeout(CHANGE, session::is_live(&app, &browser))
            .await
            .unwrap_or_else(|_| Err(ServiceError::slow())),
        None => Ok(false),
    };
    match is_live {
        Ok(true) => pass(&app, request, next, bodies::FORM, Sender::Known, CHANGE).await,
        Ok(false) => {
            let visit = visit(&app, request).await;
            to_sign_in(&visit, Some(&visit.path))
        }
        Err(error) => failure(&visit(&app, request).await, error).await,
    }
}

async fn pass(
    app: &App,
    request: Request,
    next: Next,
    most: usize,
    sender: Sender,
    limit: Duration,
) -> Response {
    if !media_type::is_form(request.headers()) {
        return StatusCode::UNSUPPORTED_MEDIA_TYPE.into_response();
    }
    let (parts, body) = request.into_parts();
    let copy = parts.clone();
    match bodies::whole(app, Request::from_parts(parts, body), most, sender).await {
        // The share of the body budget is released after the response.
        Ok((request, _share)) => {
            if let Ok(response) = timeout(limit, next.run(request)).await {
                return response;
            }
            let text = unanswered().1.message.unwrap_or_default();
            late(app, copy, Problem::new("The result is not known", text), None).await
        }
        Err(unread) => refused(app, copy, unread).await,
    }
}

/// The error page for a time-out.
async fn late(app: &App, mut parts: Parts, problem: Problem, wait: Option<u32>) -> Response {
    let Ok(visit) = PageRequest::from_request_parts(&mut parts, app).await;
    error_page::page(&visit, StatusCode::SERVICE_UNAVAILABLE, problem, wait).await
}

/// The error page for a form whose body was not read.
async fn refused(app: &App, mut parts: Parts, unread: Unread) -> Response {
    let Ok(visit) = PageRequest::from_request_parts(&mut parts, app).await;
    let title = match unread {
        Unread::TooLarge(_) => "The form is too long",
        Unread::Busy => "The server is busy",
        Unread::Slow => "The form took too long to arrive",
        Unread::Broken => "The form did not arrive",
    };
    let (text, wait) = match unread {
        // The page says when to try again, and keeps nothing of the form.
        Unread::Busy => (
            "It could not read this form, and nothing was changed.".into(),
            Some(RETRY_AFTER),
        ),
        // The title says the rest.
        Unread::TooLarge(most) => (
            format!(
                "It may have {} KiB. Shorten what you typed and send it again.",
                most / 1024
            )
            .into(),
            None,
        ),
        unread => (unread.sentence(), None),
    };
    error_page::page(&visit, unread.status(), Problem::new(title, text), wait).await
}

async fn visit(app: &App, request: Request) -> PageRequest {
    let Ok(visit) = PageRequest::from_request_parts(&mut request.into_parts().0, app).await;
    visit
}
