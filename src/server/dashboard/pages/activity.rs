//! `/home/{account}/activity`, and the activity as a file.

mod file;

use super::{SignedIn, failure, frame, keys::list::address};
use crate::{
    domain::{
        activity::Event,
        page::{Cursor, Page},
        paths, search,
        token::found,
    },
    server::{
        access,
        dashboard::{
            document,
            error_page::{self, Problem},
            fields::{Form, Query},
            middleware::same_origin::from_another_site,
        },
        error::ServiceError,
        service::activity::{self, ActivityFilter, ActivityList, Events},
    },
    ui::{
        kit::pager::Pager,
        layout::Section,
        pages::activity::{ALL, ActivityPage, ActivityPageData, Shown},
    },
};
use axum::{
    body::Body,
    extract::Path,
    http::{Method, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
};
use file::Format;
use futures_util::stream;
use leptos::prelude::*;
use serde::Deserialize;
use std::sync::Arc;

/// The page's query.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    search: String,
    /// Id of an event, or `all`; anything else means all events except refused sign-ins.
    action: String,
    /// `last` for the last page.
    page: String,
    older: String,
    newer: String,
    /// Format of an export: `csv` or `json`.
    format: String,
}

impl Asked {
    /// Cuts a key in the search to its shown part, and drops an action that there is not: links repeat both. Returns
    /// whether there was a key.
    fn cut(&mut self, key_prefix: &str) -> bool {
        if Event::from_id(&self.action).is_none() && self.action != ALL {
            self.action.clear();
        }
        let start = found::start_in(&self.search, key_prefix);
        let is_key = start.is_some();
        if let Some(start) = start {
            self.search = start;
        }
        is_key
    }

    fn filter(&self) -> ActivityFilter {
        ActivityFilter {
            search: search::parse(&self.search),
            events: match Event::from_id(&self.action) {
                Some(event) => Events::One(event),
                None if self.action == ALL => Events::All,
                None => Events::ButRefusals,
            },
        }
    }

    /// The filter of an export. Without a choice of events it contains all, refused sign-ins too.
    fn export_filter(&self) -> ActivityFilter {
        let filter = self.filter();
        ActivityFilter {
            events: match filter.events {
                Events::ButRefusals => Events::All,
                events => events,
            },
            ..filter
        }
    }

    fn href(&self, page: &str, more: Option<(&'static str, String)>) -> String {
        let mut fields = vec![("search", self.search.as_str()), ("action", self.action.as_str())];
        fields.retain(|(_, value)| !value.is_empty());
        if let Some((name, value)) = &more {
            fields.push((name, value));
        }
        address(page, &fields)
    }

    /// Path of the first page with another filter.
    fn with_action(&self, page: &str, action: &str) -> String {
        let chosen = Self {
            action: action.to_owned(),
            ..self.clone()
        };
        chosen.href(page, None)
    }

    fn pager(&self, page: &str, list: &ActivityList) -> Pager {
        let at =
            |name, place: Option<Cursor>| place.map(|place| self.href(page, Some((name, place.to_string()))));
        let (newer, older) = (list.has_newer, list.has_older);
        Pager {
            counts: list.counts,
            first: newer.then(|| self.href(page, None)),
            newer: at("newer", list.first_cursor().filter(|_| newer)),
            older: at("older", list.last_cursor().filter(|_| older)),
            last: older.then(|| self.href(page, Some(("page", "last".to_owned())))),
        }
    }
}

/// The page.
pub async fn show(
    SignedIn(visit, viewer): SignedIn,
    Path(slug): Path<String>,
    Query(mut asked): Query<Asked>,
) -> Response {
    let app = &visit.app;
    let is_key = asked.cut(&app.config.key_prefix);
    // Before any redirect: what is not the person's gets the same answer with every search.
    let reader = match access::reader(app, &viewer, &slug).await {
        Ok(reader) => reader,
        Err(error) => return failure(&visit, error).await,
    };
    let page = paths::activity(&reader.account.slug);
    // The search contains a pasted key. Redirects to its shown part, which finds the key too and may be in a
    // URL.
    if is_key {
        return Redirect::to(&asked.href(&page, None)).into_response();
    }
    let filter = asked.filter();
    let gathered = async {
        let page = Page::parse(&asked.page, &asked.older, &asked.newer);
        let list = activity::list(app, &reader, &filter, page).await?;
        let frame = frame::of(&visit, &viewer, &reader, Section::Activity).await?;
        Ok::<_, ServiceError>((frame, list))
    };
    let (frame, list) = match gathered.await {
        Ok(gathered) => gathered,
        Err(error) => return failure(&visit, error).await,
    };
    let export = paths::activity_export(&page);
    let title = format!("Activity · {}", frame.account.name);
    let data = Arc::new(ActivityPageData {
        pager: asked.pager(&page, &list),
        exports: ["csv", "json"].map(|format| asked.href(&export, Some(("format", format.to_owned())))),
        search: filter.search,
        shown: match filter.events {
            Events::ButRefusals => Shown::ButRefusals {
                refusals: asked.with_action(&page, Event::SignInRefused.id()),
            },
            Events::All => Shown::All,
            Events::One(event) => Shown::One(event),
        },
        entries: list.entries,
        existing: list.keys,
        now: app.now(),
        frame,
        page,
    });
    let page = move || view! { <ActivityPage data=Arc::clone(&data)/> };
    document::render(&visit, StatusCode::OK, title, page).await
}

/// Redirects to the entries that a search finds. Without scripts it is posted, so that a key that was pasted into it does
/// not come to stand in an address (docs/security.md, S99).
pub async fn find(
    SignedIn(visit, viewer): SignedIn,
    Path(slug): Path<String>,
    Form(mut asked): Form<Asked>,
) -> Response {
    let app = &visit.app;
    asked.cut(&app.config.key_prefix);
    match access::reader(app, &viewer, &slug).await {
        Ok(reader) => {
            let page = paths::activity(&reader.account.slug);
            Redirect::to(&format!("{}#search", asked.href(&page, None))).into_response()
        }
        Err(error) => failure(&visit, error).await,
    }
}

/// Exports all entries that match the page's search and filter. A link of another site makes no export, and `HEAD` reads
/// and records nothing (docs/security.md, S61).
pub async fn export(
    SignedIn(visit, viewer): SignedIn,
    method: Method,
    Path(slug): Path<String>,
    Query(mut asked): Query<Asked>,
) -> Response {
    let app = visit.app.clone();
    let is_key = asked.cut(&app.config.key_prefix);
    let Some(format) = Format::from_id(&asked.format) else {
        return failure(&visit, ServiceError::NotFound).await;
    };
    let reader = match access::reader(&app, &viewer, &slug).await {
        Ok(reader) => reader,
        Err(error) => return failure(&visit, error).await,
    };
    if from_another_site(&visit.headers) {
        let problem = Problem::new(
            "The export was not made",
            "The link to it is on another site. Open the activity and export it there.",
        );
        let activity = asked.href(&paths::activity(&reader.account.slug), None);
        let problem = problem.with_link(activity, "Open the activity");
        return error_page::page(&visit, StatusCode::FORBIDDEN, problem, None).await;
    }
    // As the page does with a pasted key.
    if is_key {
        let export = paths::activity_export(&paths::activity(&reader.account.slug));
        let again = asked.href(&export, Some(("format", asked.format.clone())));
        return Redirect::to(&again).into_response();
    }
    if method == Method::HEAD {
        return file(format, Body::empty());
    }
    let noted = activity::note_export(&app, &reader, &visit.trace, format.label()).await;
    if let Err(error) = noted {
        return failure(&visit, error).await;
    }
    let account = reader.account.id;
    let filter = asked.export_filter();
    // Streamed chunk by chunk, so that memory does not grow with the account.
    let chunks = stream::try_unfold(Some(None::<Cursor>), move |place| {
        let (app, filter) = (app.clone(), filter.clone());
        async move {
            let Some(cursor) = place else {
                return Ok::<_, ServiceError>(None);
            };
            let (entries, next) = activity::export_chunk(&app, account, &filter, cursor).await?;
            let part = format.part(&entries, cursor.is_none(), next.is_none());
            Ok(Some((part, next.map(Some))))
        }
    });
    file(format, Body::from_stream(chunks))
}

/// The response with an export.
fn file(format: Format, body: Body) -> Response {
    let named = format!("attachment; filename=\"{}\"", format.file());
    let headers = [
        (header::CONTENT_TYPE, format.media_type().to_owned()),
        (header::CONTENT_DISPOSITION, named),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ];
    (headers, body).into_response()
}
