//! The table of keys, or the invitation to make the first.

use super::{KeysPageData, Opener};
use crate::{
    domain::{key::KeyStatus, time::Timestamp},
    ui::kit::{badge::StatusBadge, moment::Moment},
};
use leptos::prelude::*;
use std::sync::Arc;

/// A row.
#[derive(Clone, Debug)]
pub struct KeyRow {
    /// Id.
    pub id: String,
    /// Whether the page points it out.
    pub is_new: bool,
    /// Name.
    pub name: String,
    /// The preset's name for people.
    pub preset: String,
    /// First 9 characters of the key.
    pub prefix: String,
    /// When it was last accepted.
    pub last_used_at: Option<Timestamp>,
    /// When it was made.
    pub created_at: Timestamp,
    /// At the moment the page is drawn.
    pub status: KeyStatus,
}

/// The table. On narrow screens its rows become cards; the roles say that it is a table all the same, which some
/// browsers forget once `display` changes.
#[component]
pub fn KeyTable(
    /// The page.
    data: Arc<KeysPageData>,
) -> impl IntoView {
    if data.rows.is_empty() {
        return view! {
            <div class="card">
                <div class="empty">
                    <EmptyDrawing/>
                    <h2 class="empty-title">"No data available"</h2>
                    <p>"Generate API keys to authenticate requests and start generating contents."</p>
                    <Opener/>
                </div>
            </div>
        }
        .into_any();
    }
    let now = data.now;
    let rows = data
        .rows
        .iter()
        .cloned()
        .map(|row| view! { <Row row now/> })
        .collect_view();
    let shown = data.rows.len() as u64;
    let count = match (shown, data.total) {
        (1, 1) => "1 key".to_owned(),
        (shown, total) if shown == total => format!("{total} keys"),
        (shown, total) => format!("The newest {shown} of {total} keys"),
    };
    view! {
        <div class="card table-card">
            <table class="table" role="table">
                <caption class="visually-hidden">"API keys, newest first"</caption>
                <thead role="rowgroup">
                    <tr role="row">
                        <th scope="col" role="columnheader">"API name"</th>
                        <th scope="col" role="columnheader">"Prefix"</th>
                        <th scope="col" role="columnheader">"Last used"</th>
                        <th scope="col" role="columnheader">"Created"</th>
                        <th scope="col" role="columnheader">"Status"</th>
                        <th scope="col" role="columnheader">"IP allowlist"</th>
                    </tr>
                </thead>
                <tbody role="rowgroup">{rows}</tbody>
            </table>
            <div class="table-foot">
                <span>{count}</span>
                <span>"Times in UTC"</span>
            </div>
        </div>
    }
    .into_any()
}

#[component]
fn Row(row: KeyRow, now: Timestamp) -> impl IntoView {
    // The longest names are cut off after a few lines.
    let name = row.name.clone();
    view! {
        // The focus lands here after `Done`, which leads to this id.
        <tr role="row" id=format!("key-{}", row.id) tabindex="-1" class=row.is_new.then_some("is-new")>
            <th scope="row" role="rowheader" class="cell-name">
                <span class="key-name" title=name><bdi>{row.name}</bdi></span>
                <span class="sub">{row.preset}</span>
            </th>
            <td role="cell" class="cell-prefix" data-label="Prefix"><code class="prefix">{row.prefix}"..."</code></td>
            <td role="cell" class="cell-time" data-label="Last used"><Moment at=row.last_used_at now/></td>
            <td role="cell" class="cell-time" data-label="Created"><Moment at=Some(row.created_at) now/></td>
            <td role="cell" class="cell-status" data-label="Status"><StatusBadge status=row.status/></td>
            <td role="cell" class="cell-allowlist" data-label="IP allowlist"><span class="quiet">"Any address"</span></td>
        </tr>
    }
}

#[component]
fn EmptyDrawing() -> impl IntoView {
    view! {
        <svg class="empty-drawing" viewBox="0 0 160 92" aria-hidden="true">
            <path class="lit" d="M80 60V30m0 13h9m-9 9h6M80 30a10 10 0 1 1 .1 0m-3-10a3 3 0 1 1 6 0 3 3 0 1 1-6 0"></path>
            <path d="M46 60h68c-3 9-9 15-17 17H63c-8-2-14-8-17-17z"></path>
            <path d="M8 77c9 0 9 5 18 5s9-5 18-5 9 5 18 5 9-5 18-5 9 5 18 5 9-5 18-5 9 5 18 5 9-5 18-5M35 89c8 0 8-4 15-4s8 4 15 4 8-4 15-4 8 4 15 4 8-4 15-4 8 4 15 4"></path>
            <path d="M22 34h16m-8-7h22M116 22h24m-12 7h20"></path>
        </svg>
    }
}
