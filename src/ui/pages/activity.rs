//! The page `Activity`: what happened in the account, who did it and from which address hash.

use crate::{
    domain::{
        activity::{Entry, Event},
        paths,
        time::Timestamp,
    },
    ui::{
        kit::{
            button::{Button, ButtonLink},
            empty::Empty,
            moment::Moment,
            pager::{Pager, TableFoot, grouped},
            panel::PageHead,
            search::{SearchField, SearchLimit},
            table::Table,
        },
        layout::{Frame, FrameData},
    },
};
use leptos::prelude::*;
use std::{collections::BTreeSet, sync::Arc};

/// Id of the sentence that says what a search or a filter found.
const FOUND: &str = "activity-found";

/// Value of the filter for all events, refused sign-ins included.
pub const ALL: &str = "all";

/// The filter of the list by event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shown {
    /// All but refused sign-ins, so that password guessing does not push other entries off the page.
    ButRefusals {
        /// Path of the list of refused sign-ins.
        refusals: String,
    },
    /// All events.
    All,
    /// One event.
    One(Event),
}

/// Data of the page.
#[derive(Debug)]
pub struct ActivityPageData {
    /// Data of the frame.
    pub frame: FrameData,
    /// Entries, newest first.
    pub entries: Vec<Entry>,
    /// Ids of keys in the entries that still exist: their names lead to their pages.
    pub existing: BTreeSet<String>,
    /// The current search.
    pub search: String,
    /// The current filter.
    pub shown: Shown,
    /// Path of the page.
    pub page: String,
    /// Pagination.
    pub pager: Pager,
    /// Paths of the exports: CSV, JSON.
    pub exports: [String; 2],
    /// The time at which the page is rendered.
    pub now: Timestamp,
}

/// The page.
#[component]
pub fn ActivityPage(
    /// Its data.
    data: Arc<ActivityPageData>,
) -> impl IntoView {
    let frame = data.frame.clone();
    let [csv, json] = data.exports.clone();
    let entries = data.entries.clone();
    let shown = entries.len() as u64;
    let note = entries.iter().any(|entry| entry.ip_hash.is_some()).then(|| {
        view! {
            <p class="table-note">
                "We store a hash instead of the IP address. The same address always has the same hash."
            </p>
        }
    });
    let list = if entries.is_empty() {
        let page = data.page.clone();
        view! {
            <Empty title="No results".into_any()>
                <p>"Try another name or action."</p>
                <ButtonLink href=page label="Clear filters"/>
            </Empty>
        }
        .into_any()
    } else {
        let keys = paths::keys(&data.frame.account.slug);
        let existing = data.existing.clone();
        view! {
            <div class="card table-card">
                <ActivityTable entries now=data.now caption="Activity, newest first" keys existing/>
                <TableFoot pager=data.pager.clone() shown noun=("entry", "entries")/>
            </div>
            {note}
        }
        .into_any()
    };
    let actions = view! {
        <div class="page-actions">
            <ButtonLink href=csv label="Export CSV" download=""/>
            <ButtonLink href=json label="Export JSON" download=""/>
        </div>
    }
    .into_any();
    view! {
        <Frame frame>
            <PageHead title="Activity" actions>
                <p>"Audit account activity"</p>
            </PageHead>
            <Filter data=Arc::clone(&data)/>
            {list}
        </Frame>
    }
}

#[component]
fn Filter(data: Arc<ActivityPageData>) -> impl IntoView {
    let (search, shown) = (data.search.clone(), data.shown.clone());
    let is_all = shown == Shown::All;
    let is_filtered = !search.is_empty() || matches!(shown, Shown::One(_));
    // What a filter found is said here, beside the way back; an empty result shows its own.
    let total = if data.entries.is_empty() {
        Some(0)
    } else {
        data.pager.counts.map(|(_, total)| total)
    };
    let total = total.filter(|_| is_filtered);
    let found = total.map(|total| {
        let says = match total {
            0 => "No entries found.".to_owned(),
            1 => "1 entry found.".to_owned(),
            total => format!("{} entries found.", grouped(total)),
        };
        let is_empty = total == 0;
        let clear = (!is_empty).then(|| view! { " "<a href=data.page.clone()>"Clear filters"</a> });
        view! {
            <p class="quiet activity-line" class:visually-hidden=is_empty>
                <span role="status"><span id=FOUND data-found>{says}</span></span>
                {clear}
            </p>
        }
    });
    let described_by = total.map(|_| FOUND);
    let options = Event::ALL
        .into_iter()
        .map(|choice| {
            let selected = shown == Shown::One(choice);
            view! { <option value=choice.id() selected=selected translate="no">{choice.id()}</option> }
        })
        .collect_view();
    let left_out = match shown {
        Shown::ButRefusals { refusals } => Some(view! {
            <p class="quiet activity-line">
                <a href=refusals>"Show refused sign-ins"</a>
            </p>
        }),
        Shown::All | Shown::One(_) => None,
    };
    let action = format!("{}#search", data.page);
    view! {
        <form class="toolbar activity-filter" method="post" action=action role="search" aria-label="Activity">
            <div class="search">
                <SearchField label="Search the activity" placeholder="Name, prefix, request id" value=search described_by/>
            </div>
            <select name="action" aria-label="Action">
                <option value="">"All except refused sign-ins"</option>
                <option value=ALL selected=is_all>"Every action"</option>
                {options}
            </select>
            <Button label="Apply"/>
        </form>
        <SearchLimit search=data.search.clone()/>
        {found}
        {left_out}
    }
}

/// A table of at least one entry; cards on narrow screens.
#[component]
pub fn ActivityTable(
    /// Entries, newest first.
    entries: Vec<Entry>,
    /// The time at which the page is rendered.
    now: Timestamp,
    /// Caption, for screen readers.
    caption: &'static str,
    /// Path of the account's keys.
    keys: String,
    /// Ids of the keys that still exist: their names lead to their pages.
    existing: BTreeSet<String>,
) -> impl IntoView {
    let rows = entries
        .into_iter()
        .map(|entry| {
            let is_there = entry.event.is_about_a_key() && existing.contains(&entry.target);
            let href = is_there.then(|| paths::key_below(&keys, &entry.target));
            view! { <Row entry href now/> }
        })
        .collect_view();
    view! {
        <Table
            caption
            class="log-table activity-table"
            columns=&["Member", "Action", "Description", "Timestamp", "Request"]
        >
            {rows}
        </Table>
    }
}

#[component]
fn Row(entry: Entry, href: Option<String>, now: Timestamp) -> impl IntoView {
    let class = if entry.event.is_alert() {
        "event is-alert"
    } else {
        "event"
    };
    let address = entry
        .ip_hash
        .map(|hash| view! { <span class="sub">"IP hash "<code translate="no">{hash}</code></span> });
    let request = if entry.request_id.is_empty() {
        view! { <span class="quiet">"–"</span> }.into_any()
    } else {
        view! { <code translate="no" class="request-id">{entry.request_id}</code> }.into_any()
    };
    let (sentence, label) = (entry.event.sentence(), entry.event.detail_label());
    let name = entry.target_name;
    // The name comes first: it differs from row to row, and the sentence repeats.
    let named = (!name.is_empty()).then(|| match href {
        Some(href) => {
            view! { <a class="event-name" href=href><bdi translate="no">{name}</bdi></a> }.into_any()
        }
        None => view! { <bdi translate="no" class="event-name">{name}</bdi> }.into_any(),
    });
    let detail = (!entry.detail.is_empty())
        .then(|| view! { <span class="sub">{label}<bdi>{entry.detail}</bdi></span> });
    view! {
        <tr role="row">
            <th scope="row" role="rowheader" class="cell-name"><bdi translate="no">{entry.actor_name}</bdi></th>
            <td role="cell" data-label="Action"><code translate="no">{entry.event.id()}</code></td>
            <td role="cell" data-label="Description">{named}<span class=class>{sentence}</span>{detail}</td>
            <td role="cell" class="cell-time" data-label="Timestamp"><Moment at=Some(entry.at) now/></td>
            <td role="cell" data-label="Request">{request}{address}</td>
        </tr>
    }
}
