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

/// The table.
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
            <table class="table">
                <caption class="visually-hidden">"API keys, newest first"</caption>
                <thead>
                    <tr>
                        <th scope="col">"API name"</th>
                        <th scope="col">"Prefix"</th>
                        <th scope="col">"Last used"</th>
                        <th scope="col">"Created"</th>
                        <th scope="col">"Status"</th>
                        <th scope="col">"IP allowlist"</th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
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
    view! {
        // The focus lands here after `Done`, which leads to this id.
        <tr id=format!("key-{}", row.id) tabindex="-1" class=row.is_new.then_some("is-new")>
            <th scope="row" class="cell-name">
                <span class="key-name"><bdi>{row.name}</bdi></span>
                <span class="sub">{row.preset}</span>
            </th>
            <td class="cell-prefix" data-label="Prefix"><code class="prefix">{row.prefix}"..."</code></td>
            <td class="cell-time" data-label="Last used"><Moment at=row.last_used_at now/></td>
            <td class="cell-time" data-label="Created"><Moment at=Some(row.created_at) now/></td>
            <td class="cell-status" data-label="Status"><StatusBadge status=row.status/></td>
            <td class="cell-allowlist" data-label="IP allowlist"><span class="quiet">"Any address"</span></td>
        </tr>
    }
}

#[component]
fn EmptyDrawing() -> impl IntoView {
    view! {
        <svg class="empty-drawing" viewBox="0 0 96 64" aria-hidden="true">
            <path d="M8 50c8 0 8 5 16 5s8-5 16-5 8 5 16 5 8-5 16-5 8 5 16 5M8 58c8 0 8 4 16 4s8-4 16-4 8 4 16 4 8-4 16-4 8 4 16 4"></path>
            <path d="M46 28a11 11 0 1 1-22 0 11 11 0 0 1 22 0ZM46 28h28M66 28v8M74 28v6M35 28h.1"></path>
        </svg>
    }
}
