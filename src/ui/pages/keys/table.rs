//! The table of keys, or its empty state.

use super::{
    KeysPageData, Opener,
    list_view::{ListView, ViewFields},
    live_list::LiveList,
    menu::{NoRowMenu, RowActions, RowMenu},
    row::KeyRow,
};
use crate::{
    domain::{
        key::{KeyStatus, Transition},
        time::Timestamp,
    },
    ui::kit::{
        allowlist::AllowlistCell,
        badge::StatusBadge,
        button::{Button, ButtonLink, Kind},
        empty::Empty,
        icon::Icon,
        moment::{Moment, PhraseText},
        pager::TableFoot,
        selection::{SelectRow, SelectionBar},
        table::Table,
    },
};
use leptos::prelude::*;
use std::sync::Arc;

const COLUMNS: [&str; 7] = [
    "API name",
    "Prefix",
    "Last used",
    "Created",
    "Status",
    "IP allowlist",
    "",
];
const FULL_COLUMNS: [&str; 8] = [
    "API name",
    "Prefix",
    "Last used",
    "Created",
    "Status",
    "IP allowlist",
    "Created by",
    "",
];

/// Number of rows, from the top, that ask whether the secret was lost and lead to `Reissue secret`: a secret that was just lost is of a new key, and a
/// link in each row would make the page heavy.
const LOST: usize = 3;

/// Id of the form that the rows' check boxes belong to.
const SELECTION: &str = "selection";

/// The table.
#[component]
pub fn KeyTable(
    /// Data of the page.
    data: Arc<KeysPageData>,
) -> impl IntoView {
    let (may_manage, view) = (data.create.is_some(), data.view.clone());
    if data.is_empty {
        return view! {
            <Empty title="No data available".into_any() drawing=view! { <EmptyDrawing/> }.into_any()>
                <p>"Generate API keys to authenticate requests and start generating contents."</p>
                <Opener may_create=may_manage view/>
            </Empty>
        }
        .into_any();
    }
    if data.rows.is_empty() {
        return view! { <NoMatch data/> }.into_any();
    }
    let (now, is_full) = (data.now, data.frame.full);
    let rows = (0..)
        .zip(&data.rows)
        .map(|(n, row)| {
            let lost = (may_manage
                && n < LOST
                && row.last_used_at.is_none()
                && row.allows.contains(&Transition::Reissue))
            .then(|| format!("{}&key={}", view.with("dialog", "reissue"), row.id));
            view! { <Row row=row.clone() n now may_manage is_full lost/> }
        })
        .collect_view();
    let class = match (may_manage, is_full) {
        (true, true) => "keys has-actions has-selection has-creator",
        (true, false) => "keys has-actions has-selection",
        (false, true) => "keys has-actions has-creator",
        (false, false) => "keys has-actions",
    };
    let columns: &[_] = if is_full { &FULL_COLUMNS } else { &COLUMNS };
    view! {
        <div class="card table-card">
            {may_manage.then(|| view! { <Selected view=view.clone()/> })}
            <Table caption="API keys, newest first" class columns>
                {rows}
            </Table>
            {if may_manage { view! { <RowMenu view/> }.into_any() } else { view! { <NoRowMenu/> }.into_any() }}
            <LiveList/>
            <TableFoot pager=data.pager.clone() shown=data.rows.len() as u64 noun=("key", "keys")/>
        </div>
    }
    .into_any()
}

/// The bar with actions on the selected rows.
#[component]
fn Selected(view: ListView) -> impl IntoView {
    let fields = view! { <ViewFields view/> }.into_any();
    view! {
        <SelectionBar id=SELECTION label="Selected keys" all="Select all keys on this page" fields>
            <Button
                label=view! { "Revoke"<span class="on-wide">" selected"</span> }
                kind=Kind::DangerQuiet
                icon=Icon::Lock
                attr:name="dialog"
                attr:value="revoke"
            />
            <Button
                label=view! { "Delete"<span class="on-wide">" selected"</span> }
                kind=Kind::DangerQuiet
                icon=Icon::Delete
                attr:name="dialog"
                attr:value="delete"
            />
        </SelectionBar>
    }
}

#[component]
fn NoMatch(data: Arc<KeysPageData>) -> impl IntoView {
    let is_search = !data.search.is_empty();
    let title = if is_search {
        view! { "No key matches “"<bdi translate="no">{data.search.clone()}</bdi>"”" }.into_any()
    } else {
        let of_status = |status: KeyStatus| format!("No {} keys", status.id());
        let title = data.found.status.map_or_else(|| "No keys".to_owned(), of_status);
        title.into_any()
    };
    let hint = is_search.then(|| view! { <p>"Search by name or prefix."</p> });
    view! {
        <Empty title>
            {hint}
            <ButtonLink href=data.links.clear.clone() label="Show all keys"/>
        </Empty>
    }
}

/// A row. It has few elements and attributes, because a page has fifty of them: the style sheet knows most cells by
/// their column.
#[component]
fn Row(
    row: KeyRow,
    n: usize,
    now: Timestamp,
    may_manage: bool,
    is_full: bool,
    /// The dialog that reissues a secret that nobody may have: a reload can have closed `View API key`.
    lost: Option<String>,
) -> impl IntoView {
    let reissue =
        lost.map(|href| view! { <a class="sub" href=href data-opens-dialog>"Secret lost? Reissue"</a> });
    // The name alone is the row's header, and part of the names of its controls.
    let name_id = format!("n{n}");
    let actions = view! { <RowActions row=row.clone() name_id=name_id.clone() may_manage/> };
    let select = may_manage
        .then(|| view! { <SelectRow bar=SELECTION value=row.id.clone() row_name=name_id.clone()/> });
    let usage = row
        .usage
        .clone()
        .map(|phrase| view! { <span class="sub key-use"><PhraseText phrase now/></span> });
    let creator = is_full.then(|| {
        let creator = row.creator.unwrap_or_else(|| "A former member".to_owned());
        view! { <td role="cell" data-label="Created by" translate="no"><bdi>{creator}</bdi></td> }
    });
    let named_by = name_id.clone();
    view! {
        // Takes the focus after `Done`, which leads to this id.
        <tr role="row" id=format!("key-{}", row.id) tabindex="-1" data-new=row.is_new.then_some("")>
            <th role="rowheader" class="cell-name" aria-labelledby=named_by>
                {select}
                <a class="key-name" id=name_id href=row.href translate="no"><bdi>{row.name}</bdi></a>
                <span class="sub"><PhraseText phrase=row.about now/></span>
                {usage}
            </th>
            <td role="cell" data-label="Prefix" translate="no">{format!("{}...", row.prefix)}</td>
            <td role="cell" data-label="Last used"><Moment at=row.last_used_at now/>{reissue}</td>
            <td role="cell" data-label="Created"><Moment at=Some(row.created_at) now/></td>
            <td role="cell" data-label="Status"><StatusBadge status=row.status/></td>
            <AllowlistCell entries=row.allowlist/>
            {creator}
            <td role="cell">{actions}</td>
        </tr>
    }
}

#[component]
fn EmptyDrawing() -> impl IntoView {
    view! {
        <svg class="empty-drawing" viewBox="0 0 160 92" aria-hidden="true">
            <path class="lit" d="M80 60V30m0 13h9m-9 9h6M80 30a10 10 0 1 1 .1 0m-3-10a3 3 0 1 1 6 0 3 3 0 1 1-6 0"></path>
            <path d="M46 60h68c-3 9-9 15-17 17H63c-8-2-14-8-17-17z"></path>
            <path d="M8 77c9 0 9 5 18 5s9-5 18-5 9 5 18 5 9-5 18-5 9 5 18 5 9-5 18-5 9 5 18 5M35 89c8 0 8-4 15-4s8 4 15 4 8-4 15-4 8 4 15 4 8-4 15-4 8 4 15 4"></path>
            <path d="M22 34h16m-8-7h22M116 22h24m-12 7h20"></path>
        </svg>
    }
}
