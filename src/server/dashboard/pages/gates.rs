//! Gates of page forms: who may send one, and how long it may be (docs/security.md, S28 and S89). The handlers run once
//! the body has arrived, so that they check the person's state at that time.

use super::{failure, to_sign_in, with_retry};
use crate::{
    api::wire::ApiError,
    server::{
        app::App,
        dashboard::{
            answer::{unanswered, unavailable},
            document,
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
    },
    ui::pages::error::ErrorPage,
};
use axum::{
    extract::{FromRequestParts as _, Request, State},
    http::{HeaderValue, StatusCode, header, request::Parts},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use leptos::prelude::*;
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
    late(&app, copy, unavailable()).await
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
        Ok(false) => to_sign_in(&visit(&app, request).await.path),
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
        Ok((request, _share)) => match timeout(limit, next.run(request)).await {
            Ok(response) => response,
            Err(_) => late(app, copy, unanswered()).await,
        },
        Err(unread) => refused(app, copy, unread).await,
    }
}

/// The error page for a time-out.
async fn late(app: &App, mut parts: Parts, (status, told): (StatusCode, ApiError)) -> Response {
    let Ok(visit) = PageRequest::from_request_parts(&mut parts, app).await;
    let sentence = told.message.unwrap_or_default();
    let page =
        move || view! { <ErrorPage code=status.as_u16() title="This took too long" text=sentence.clone()/> };
    with_retry(status, document::render(&visit, status, "Error", page).await)
}

/// The error page for a form whose body was not read.
async fn refused(app: &App, mut parts: Parts, unread: Unread) -> Response {
    let Ok(visit) = PageRequest::from_request_parts(&mut parts, app).await;
    let status = unread.status();
    let page = move || view! { <ErrorPage code=status.as_u16() title="This was not read" text=unread.sentence().to_owned()/> };
    let mut response = document::render(&visit, status, "Error", page).await;
    if unread == Unread::Busy {
        let headers = response.headers_mut();
        headers.insert(header::RETRY_AFTER, HeaderValue::from(RETRY_AFTER));
    }
    response
}

async fn visit(app: &App, request: Request) -> PageRequest {
    let Ok(visit) = PageRequest::from_request_parts(&mut request.into_parts().0, app).await;
    visit
}
