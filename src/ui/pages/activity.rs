//! The page `Activity`: what happened in the account, who did it and from which address hash.

use crate::{
    domain::{
        activity::{Entry, Event},
        time::Timestamp,
    },
    ui::{
        kit::{
            button::{Button, ButtonLink},
            empty::Empty,
            moment::Moment,
            pager::{Pager, TableFoot},
            panel::PageHead,
            search::SearchField,
            table::Table,
        },
        layout::{Frame, FrameData},
    },
};
use leptos::prelude::*;
use std::sync::Arc;

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
    let list = if entries.is_empty() {
        let page = data.page.clone();
        view! {
            <Empty title="Nothing here">
                <p>"No entry of the activity matches."</p>
                <ButtonLink href=page label="Show everything"/>
            </Empty>
        }
        .into_any()
    } else {
        let shown = entries.len() as u64;
        view! {
            <div class="card table-card">
                <ActivityTable entries now=data.now caption="Activity, newest first"/>
                <TableFoot pager=data.pager.clone() shown noun=("entry", "entries")/>
            </div>
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
            <Filter search=data.search.clone() shown=data.shown.clone()/>
            {list}
        </Frame>
    }
}

#[component]
fn Filter(search: String, shown: Shown) -> impl IntoView {
    let is_all = shown == Shown::All;
    let options = Event::ALL
        .into_iter()
        .map(|choice| {
            let selected = shown == Shown::One(choice);
            view! { <option value=choice.id() selected=selected>{choice.id()}</option> }
        })
        .collect_view();
    let left_out = match shown {
        Shown::ButRefusals { refusals } => Some(view! {
            <p class="quiet activity-left-out">
                "Refused sign-ins are left out. " <a href=refusals>"Show refused sign-ins"</a>
            </p>
        }),
        Shown::All | Shown::One(_) => None,
    };
    view! {
        <form class="toolbar activity-filter" method="get" role="search" aria-label="Activity">
            <div class="search">
                <SearchField label="Search the activity" placeholder="Name, prefix, request id" value=search/>
            </div>
            <select name="action" aria-label="Action">
                <option value="">"All but refused sign-ins"</option>
                <option value=ALL selected=is_all>"Every action"</option>
                {options}
            </select>
            <Button label="Show"/>
        </form>
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
) -> impl IntoView {
    let rows = entries
        .into_iter()
        .map(|entry| view! { <Row entry now/> })
        .collect_view();
    view! {
        <Table
            caption
            class="log-table"
            columns=&["Member", "Action", "Description", "Timestamp", "Request"]
        >
            {rows}
        </Table>
    }
}

#[component]
fn Row(entry: Entry, now: Timestamp) -> impl IntoView {
    let class = if entry.event.is_alert() {
        "event is-alert"
    } else {
        "event"
    };
    let address = entry
        .ip_hash
        .map(|hash| view! { <span class="sub">"from "<code>{hash}</code></span> });
    let request = if entry.request_id.is_empty() {
        view! { <span class="quiet">"None"</span> }.into_any()
    } else {
        view! { <code class="request-id">{entry.request_id}</code> }.into_any()
    };
    let sentence = entry.event.sentence();
    let context = [entry.target_name, entry.detail]
        .into_iter()
        .filter(|part| !part.is_empty())
        .map(|part| view! { <span class="sub"><bdi>{part}</bdi></span> })
        .collect_view();
    view! {
        <tr role="row">
            <th scope="row" role="rowheader" class="cell-name"><bdi>{entry.actor_name}</bdi></th>
            <td role="cell" data-label="Action"><code>{entry.event.id()}</code></td>
            <td role="cell" data-label="Description"><span class=class>{sentence}</span>{context}</td>
            <td role="cell" class="cell-time" data-label="Timestamp"><Moment at=Some(entry.at) now/></td>
            <td role="cell" data-label="Request">{request}{address}</td>
        </tr>
    }
}
