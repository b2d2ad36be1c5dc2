//! `/home/{account}/activity`, and the activity as a file.

use super::{SignedIn, failure, frame, keys::list::address};
use crate::{
    domain::{
        activity::{Entry, Event},
        page::{Cursor, Page},
        paths, search,
        token::found,
    },
    server::{
        access,
        dashboard::{
            document,
            fields::{Form, Query},
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
    http::{StatusCode, header},
    response::{IntoResponse, Redirect, Response},
};
use futures_util::stream;
use leptos::prelude::*;
use serde::Deserialize;
use serde_json::json;
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

/// Format of an export.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    Csv,
    Json,
}

impl Format {
    const fn label(self) -> &'static str {
        match self {
            Self::Csv => "CSV",
            Self::Json => "JSON",
        }
    }
}

/// Exports all entries that match the page's search and filter.
pub async fn export(
    SignedIn(visit, viewer): SignedIn,
    Path(slug): Path<String>,
    Query(mut asked): Query<Asked>,
) -> Response {
    let app = visit.app.clone();
    let is_key = asked.cut(&app.config.key_prefix);
    let format = match asked.format.as_str() {
        "csv" => Format::Csv,
        "json" => Format::Json,
        _ => return failure(&visit, ServiceError::NotFound).await,
    };
    let opened = async {
        let reader = access::reader(&app, &viewer, &slug).await?;
        if is_key {
            return Ok(Err(reader.account.slug));
        }
        activity::note_export(&app, &reader, &visit.trace, format.label()).await?;
        Ok::<_, ServiceError>(Ok(reader.account.id))
    };
    let account = match opened.await {
        Ok(Ok(account)) => account,
        // As the page does with a pasted key.
        Ok(Err(slug)) => {
            let export = paths::activity_export(&paths::activity(&slug));
            let again = asked.href(&export, Some(("format", asked.format.clone())));
            return Redirect::to(&again).into_response();
        }
        Err(error) => return failure(&visit, error).await,
    };
    let filter = asked.export_filter();
    // Streamed chunk by chunk, so that memory does not grow with the account.
    let chunks = stream::try_unfold(Some(None::<Cursor>), move |place| {
        let (app, filter) = (app.clone(), filter.clone());
        async move {
            let Some(cursor) = place else {
                return Ok::<_, ServiceError>(None);
            };
            let (entries, next) = activity::export_chunk(&app, account, &filter, cursor).await?;
            let chunk = match format {
                Format::Csv => csv(&entries, cursor.is_none()),
                Format::Json => json(&entries, cursor.is_none(), next.is_none()),
            };
            Ok(Some((chunk, next.map(Some))))
        }
    });
    let (kind, file) = match format {
        Format::Csv => ("text/csv; charset=utf-8; header=present", "activity.csv"),
        Format::Json => ("application/json", "activity.json"),
    };
    let headers = [
        (header::CONTENT_TYPE, kind.to_owned()),
        (
            header::CONTENT_DISPOSITION,
            format!("attachment; filename=\"{file}\""),
        ),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ];
    (headers, Body::from_stream(chunks)).into_response()
}

/// The vendor's fields (docs.babysea.ai, `/dashboard/activity`), then ours.
const COLUMNS: [&str; 11] = [
    "event_id",
    "actor",
    "category",
    "action",
    "description",
    "timestamp",
    "actor_id",
    "target_id",
    "target_name",
    "request_id",
    "ip_hash",
];

/// Values of an entry's columns.
fn cells(entry: &Entry) -> [String; 11] {
    let (category, action) = entry.event.id().split_once('.').unwrap_or_default();
    [
        entry.id.to_string(),
        entry.actor_name.clone(),
        category.to_owned(),
        action.to_owned(),
        entry.description(),
        entry.at.iso(),
        entry.actor.map(|id| id.to_string()).unwrap_or_default(),
        entry.target.clone(),
        entry.target_name.clone(),
        entry.request_id.clone(),
        entry.ip_hash.clone().unwrap_or_default(),
    ]
}

/// Escapes cells that a spreadsheet would take for a formula (docs/security.md, S61).
fn harmless(cell: String) -> String {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\0']) {
        format!("'{cell}")
    } else {
        cell
    }
}

/// Lines of RFC 4180; with `first`, the column names come first.
fn csv(entries: &[Entry], first: bool) -> Vec<u8> {
    let mut writer = csv::WriterBuilder::new()
        .terminator(csv::Terminator::CRLF)
        .from_writer(Vec::new());
    // Cannot fail: it writes to memory.
    if first {
        let _ = writer.write_record(COLUMNS);
    }
    for entry in entries {
        let _ = writer.write_record(cells(entry).map(harmless));
    }
    writer.into_inner().unwrap_or_default()
}

/// Elements of one array, which `first` opens and `last` closes.
fn json(entries: &[Entry], first: bool, last: bool) -> Vec<u8> {
    let mut text = String::new();
    for (n, entry) in entries.iter().enumerate() {
        let object = COLUMNS.into_iter().zip(cells(entry)).map(|(name, cell)| {
            let is_absent = cell.is_empty() && matches!(name, "actor_id" | "request_id" | "ip_hash");
            (name.to_owned(), if is_absent { json!(null) } else { json!(cell) })
        });
        text.push_str(if first && n == 0 { "[\n" } else { ",\n" });
        text.push_str(&serde_json::Value::Object(object.collect()).to_string());
    }
    if last {
        text.push_str(if first { "[]\n" } else { "\n]\n" });
    }
    text.into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_a_formula() {
        for cell in ["=1+1", "+1", "-1", "@a", "\ta", "\ra", "\0a"] {
            assert_eq!(harmless(cell.to_owned()), format!("'{cell}"));
        }
        assert_eq!(harmless("a=1".to_owned()), "a=1");
    }
}
