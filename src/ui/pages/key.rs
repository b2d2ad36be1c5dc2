//! The page of one key: everything stored about it except the secret, and its requests.

mod chart;

pub use chart::Bar;

use super::activity::ActivityTable;
use crate::{
    domain::{activity::Entry, key::Transition, time::Timestamp},
    ui::{
        kit::{
            badge::StatusBadge,
            button::{Button, Kind, disabled_because},
            icon::Icon,
            moment::{Moment, PhraseText},
            notice::{Notice, Tone},
            panel::{Fact, PageHead, Panel},
            table::Table,
        },
        layout::{Frame, FrameData},
        pages::keys::{DETAIL, Dialogs, KeyRow, ListView, ReadOnlyNote, read_only},
    },
};
use chart::Chart;
use leptos::prelude::*;
use std::sync::Arc;

/// A row of the key's request log.
#[derive(Clone, Debug)]
pub struct RequestRow {
    /// Request id.
    pub id: String,
    /// Method and path.
    pub call: String,
    /// HTTP status, and the error code of a refusal.
    pub outcome: String,
    /// Whether it was refused.
    pub is_refused: bool,
    /// Hash of the client's address.
    pub from: Option<String>,
    /// Time of the response.
    pub at: Timestamp,
}

/// Data of the page.
#[derive(Debug)]
pub struct KeyPageData {
    /// Data of the frame.
    pub frame: FrameData,
    /// Path of the page `API keys`.
    pub keys: String,
    /// The key.
    pub key: KeyRow,
    /// Name of its creator; `None` once that person is deleted.
    pub creator: Option<String>,
    /// When it expires, or its grace period ends.
    pub end: Option<Timestamp>,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
    /// When it was reported as leaked.
    pub leak_reported_at: Option<Timestamp>,
    /// Its scopes, each with the routes it opens. A scope that is no longer in the catalogue opens none.
    pub scopes: Vec<(String, Vec<String>)>,
    /// The chain of rotations that it is part of, newest key first.
    pub chain: Vec<KeyRow>,
    /// Requests of the last thirty days, oldest day first; `None` if counting timed out.
    pub days: Option<Vec<Bar>>,
    /// Its latest requests.
    pub requests: Vec<RequestRow>,
    /// Whether the request log has gaps in these days.
    pub has_gaps: bool,
    /// Activity entries about it.
    pub activity: Vec<Entry>,
    /// Whether the viewer may change it.
    pub may_manage: bool,
    /// The time at which the page is rendered.
    pub now: Timestamp,
}

/// The page.
#[component]
pub fn KeyPage(
    /// Its data.
    data: Arc<KeyPageData>,
) -> impl IntoView {
    let (frame, key, now) = (data.frame.clone(), data.key.clone(), data.now);
    let activity = if data.activity.is_empty() {
        view! { <p class="quiet">"Nothing was noted about this key."</p> }.into_any()
    } else {
        let entries = data.activity.clone();
        view! { <ActivityTable entries now caption="Activity of this key, newest first"/> }.into_any()
    };
    let may_manage = data.may_manage;
    let gaps = data.has_gaps.then(|| {
        view! {
            <Notice tone=Tone::Warning>
                "Some requests may be missing: at times more came than the log could take. All of them were checked."
            </Notice>
        }
    });
    let requests = data.requests.clone();
    let chart = match data.days.clone() {
        Some(days) => view! { <Chart days/> }.into_any(),
        None => view! {
            <p class="quiet">"These requests could not be counted in time. Reload the page in a few seconds."</p>
        }
        .into_any(),
    };
    let title = view! { <bdi>{key.name.clone()}</bdi> };
    let dialogs = may_manage.then(|| {
        let view = ListView::all(data.keys.clone());
        view! { <Dialogs view>{()}</Dialogs> }
    });
    let actions = view! { <Actions key=key.clone() keys=data.keys.clone() may_manage/> }.into_any();
    view! {
        <Frame frame>
            <PageHead title above=(data.keys.clone(), "API keys") actions>
                <p class="key-state">
                    <StatusBadge status=key.status/>
                    <code class="prefix">{key.prefix.clone()}"..."</code>
                    <span><PhraseText phrase=key.about.clone() now/></span>
                </p>
                {(!may_manage).then(|| view! { <ReadOnlyNote/> })}
            </PageHead>
            <div class="panels">
                <About data=Arc::clone(&data)/>
                <Panel id="requests-title" title="Requests of the last 30 days">
                    {gaps}
                    {chart}
                </Panel>
                <Chain data=Arc::clone(&data)/>
                <Routes scopes=data.scopes.clone()/>
                <Panel id="last-title" title="Last requests" is_wide=true>
                    <Requests requests now/>
                </Panel>
                <Panel id="activity-title" title="Activity" is_wide=true>
                    {activity}
                </Panel>
            </div>
        </Frame>
        {dialogs}
    }
}

/// A button for each action that the key's state allows. Without scripts, the dialogs are on the page `API keys`.
#[component]
fn Actions(key: KeyRow, keys: String, may_manage: bool) -> impl IntoView {
    let button =
        |transition: Transition, dialog: &'static str, icon: Icon, label: &'static str, kind: Kind| {
            key.allows.contains(&transition).then(|| {
                let disabled = disabled_because(read_only(may_manage));
                view! { <Button {..disabled} label kind icon attr:name="dialog" attr:value=dialog/> }
            })
        };
    view! {
        <form class="page-actions" method="get" action=keys aria-label="Actions" data-opens-dialog>
            <input type="hidden" name="key" value=key.id.clone()/>
            <input type="hidden" name="from" value=DETAIL/>
            {button(Transition::Rotate, "rotate", Icon::Renew, "Rotate", Kind::Plain)}
            {button(Transition::ChangeGrace, "grace", Icon::Clock, "Grace period", Kind::Plain)}
            {button(Transition::Reissue, "reissue", Icon::Key, "Reissue secret", Kind::Plain)}
            {button(Transition::Revoke, "revoke", Icon::Lock, "Revoke", Kind::DangerQuiet)}
            {button(Transition::Delete, "delete", Icon::Delete, "Delete", Kind::DangerQuiet)}
        </form>
    }
}

#[component]
fn About(data: Arc<KeyPageData>) -> impl IntoView {
    let (key, now) = (data.key.clone(), data.now);
    let rate_limit = match key.rate_limit {
        Some(1) => "1 request a minute".to_owned(),
        Some(limit) => format!("{limit} requests a minute"),
        None => "Only its account's".to_owned(),
    };
    let allowlist = if key.allowlist.is_empty() {
        "Any address".to_owned()
    } else {
        key.allowlist.join(", ")
    };
    // A revoked key has no end to come.
    let stops = data.revoked_at.is_none().then(|| {
        let end = match data.end {
            Some(end) => view! { <Moment at=Some(end) now/> }.into_any(),
            None => "Never".into_any(),
        };
        let stops = match data.end {
            Some(end) if end <= now => "Stopped",
            _ => "Stops",
        };
        view! {
            <Fact name=stops>{end}</Fact>
        }
    });
    let past = |name: &'static str, at: Option<Timestamp>| {
        at.map(|at| {
            view! { <Fact name><Moment at=Some(at) now/></Fact> }
        })
    };
    let (revoked, leaked) = (
        past("Revoked", data.revoked_at),
        past("Reported as leaked", data.leak_reported_at),
    );
    let creator = data
        .creator
        .clone()
        .unwrap_or_else(|| "Somebody who is gone".to_owned());
    view! {
        <Panel id="about-title" title="About">
            <dl class="facts">
                <Fact name="Created"><Moment at=Some(key.created_at) now/>" by "<bdi>{creator}</bdi></Fact>
                <Fact name="Last used"><Moment at=key.last_used_at now/></Fact>
                {stops}
                {revoked}
                {leaked}
                <Fact name="IP allowlist">{allowlist}</Fact>
                <Fact name="Rate limit">{rate_limit}</Fact>
                <Fact name="Id"><code>{key.id}</code></Fact>
            </dl>
        </Panel>
    }
}

#[component]
fn Chain(data: Arc<KeyPageData>) -> impl IntoView {
    let now = data.now;
    if data.chain.len() < 2 {
        return view! {
            <Panel id="chain-title" title="Rotations">
                <p class="quiet">"This key was never rotated."</p>
            </Panel>
        }
        .into_any();
    }
    let items = data
        .chain
        .iter()
        .cloned()
        .map(|key| {
            let current = (key.id == data.key.id).then_some("true");
            let used = key
                .usage
                .map(|phrase| view! { <span class="sub"><PhraseText phrase now/></span> });
            view! {
                <li aria-current=current>
                    <a href=key.href><code>{key.prefix}"..."</code></a>
                    <StatusBadge status=key.status/>
                    <span class="sub">"Created "<Moment at=Some(key.created_at) now/></span>
                    {used}
                </li>
            }
        })
        .collect_view();
    view! {
        <Panel id="chain-title" title="Rotations">
            <ol class="chain">{items}</ol>
        </Panel>
    }
    .into_any()
}

#[component]
fn Routes(scopes: Vec<(String, Vec<String>)>) -> impl IntoView {
    let items = scopes
        .into_iter()
        .map(|(scope, routes)| {
            let none = routes.is_empty().then(|| view! { <li class="quiet">"None"</li> });
            let routes = routes
                .into_iter()
                .map(|route| view! { <li><code>{route}</code></li> })
                .collect_view();
            view! {
                <div>
                    <dt><code>{scope}</code></dt>
                    <dd><ul>{none}{routes}</ul></dd>
                </div>
            }
        })
        .collect_view();
    view! {
        <Panel id="routes-title" title="Routes it may call">
            <dl class="facts routes">{items}</dl>
        </Panel>
    }
}

#[component]
fn Requests(requests: Vec<RequestRow>, now: Timestamp) -> impl IntoView {
    if requests.is_empty() {
        return view! { <p class="quiet">"No requests were made with this key."</p> }.into_any();
    }
    let rows = requests
        .into_iter()
        .map(|request| {
            let class = if request.is_refused { "event is-alert" } else { "event" };
            let from = request
                .from
                .map(|hash| view! { <span class="sub">"from "<code>{hash}</code></span> });
            view! {
                <tr role="row">
                    <th scope="row" role="rowheader" class="cell-name"><code>{request.call}</code></th>
                    <td role="cell" data-label="Status"><span class=class>{request.outcome}</span></td>
                    <td role="cell" class="cell-time" data-label="When"><Moment at=Some(request.at) now/></td>
                    <td role="cell" data-label="Request"><code class="request-id">{request.id}</code>{from}</td>
                </tr>
            }
        })
        .collect_view();
    view! {
        <Table
            caption="Last requests, newest first"
            class="log-table"
            columns=&["Route", "Status", "When", "Request"]
        >
            {rows}
        </Table>
    }
    .into_any()
}
