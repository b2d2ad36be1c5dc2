//! The page of one key: everything stored about it except the secret, and its requests.
//!
//! Two columns that do not depend on each other: what happens with the key in the wide one, facts about it in the
//! narrow one. On narrow screens they are one, with the chart first and the long tables last.

mod chart;
mod facts;
mod history;

pub use chart::Bar;
pub use history::RequestRow;

use crate::{
    domain::{
        activity::Entry,
        key::{KeyStatus, Transition},
        time::Timestamp,
    },
    ui::{
        kit::{
            badge::StatusBadge,
            button::{Button, Kind, disabled_because},
            icon::Icon,
            moment::{ExactTimes, Moment, PhraseText},
            notice::{Notice, Tone},
            panel::{PageHead, Panel},
        },
        layout::{Frame, FrameData},
        pages::keys::{DETAIL, Dialogs, KeyRow, ListView, ReadOnlyNote, read_only},
    },
};
use chart::Chart;
use facts::{About, Addresses, Chain, Routes};
use history::{Events, Requests};
use leptos::prelude::*;
use std::sync::Arc;

/// Data of the page.
#[derive(Debug)]
pub struct KeyPageData {
    /// Data of the frame.
    pub frame: FrameData,
    /// Path of the page `API keys`.
    pub keys: String,
    /// The key.
    pub key: KeyRow,
    /// Label of its preset, or of its scopes.
    pub permissions: String,
    /// Name of its creator; `None` once that person is deleted.
    pub creator: Option<String>,
    /// When it expires.
    pub expires_at: Option<Timestamp>,
    /// When its grace period ends, if it was rotated.
    pub grace_ends_at: Option<Timestamp>,
    /// When it ends: the first of both.
    pub end: Option<Timestamp>,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
    /// When it was reported as leaked.
    pub leak_reported_at: Option<Timestamp>,
    /// Its scopes, each with the routes it opens. A scope that is no longer in the catalogue opens none.
    pub scopes: Vec<(String, Vec<String>)>,
    /// The chain of rotations that it is part of, newest key first.
    pub chain: Vec<KeyRow>,
    /// Title of the chart, which names its days.
    pub days_title: String,
    /// Requests of these days, oldest day first; `None` if counting timed out.
    pub days: Option<Vec<Bar>>,
    /// The sentence for days without requests.
    pub no_days: String,
    /// Its latest requests.
    pub requests: Vec<RequestRow>,
    /// The sentence for a log without requests.
    pub no_requests: String,
    /// Whether the request log has gaps in these days.
    pub has_gaps: bool,
    /// The newest activity entries about it.
    pub activity: Vec<Entry>,
    /// Path of all of them.
    pub all_activity: String,
    /// Whether the viewer may change it.
    pub may_manage: bool,
    /// The time at which the page is rendered.
    pub now: Timestamp,
}

impl KeyPageData {
    /// The key that replaced this one, if it still exists.
    fn replacement(&self) -> Option<&KeyRow> {
        let at = self.chain.iter().position(|key| key.id == self.key.id)?;
        self.chain.get(at.checked_sub(1)?)
    }
}

/// The page.
#[component]
pub fn KeyPage(
    /// Its data.
    data: Arc<KeyPageData>,
) -> impl IntoView {
    let (frame, key, now) = (data.frame.clone(), data.key.clone(), data.now);
    let owner = frame.owner.clone();
    let may_manage = data.may_manage;
    let title = view! { <bdi translate="no">{key.name.clone()}</bdi> };
    let dialogs = may_manage.then(|| {
        let view = ListView::all(data.keys.clone());
        view! { <Dialogs view>""</Dialogs> }
    });
    let actions = view! { <Actions key=key.clone() keys=data.keys.clone() may_manage/> }.into_any();
    let all = (!data.activity.is_empty()).then(|| (data.all_activity.clone(), "All activity"));
    let (phrase, ending) = (key.about.clone(), view! { <Ending data=Arc::clone(&data)/> });
    let requests = view! { <Requests requests=data.requests.clone() none=data.no_requests.clone() now/> };
    let events = view! { <Events entries=data.activity.clone() now/> };
    let columns = view! {
        <div class="key-columns">
            <div>
                <Use data=Arc::clone(&data)/>
            </div>
            <div class="key-facts">
                <About data=Arc::clone(&data)/>
                <Chain data=Arc::clone(&data)/>
                <Addresses entries=key.allowlist.clone()/>
                <Routes scopes=data.scopes.clone()/>
            </div>
            <div>
                <Panel id="last-title" title="Last requests" is_wide=true>
                    {requests}
                </Panel>
                <Panel id="activity-title" title="Activity" link=all>
                    {events}
                </Panel>
            </div>
        </div>
    };
    let (status, prefix) = (key.status, key.prefix);
    view! {
        <Frame frame>
            <PageHead title above=(data.keys.clone(), "API keys") actions>
                <p class="key-state">
                    <StatusBadge status/>
                    <code translate="no" class="prefix">{prefix}"..."</code>
                    <span><PhraseText phrase now/></span>
                </p>
                {ending}
                {(!may_manage).then(|| view! { <ReadOnlyNote owner/> })}
            </PageHead>
            {columns}
            <div class="page-foot">
                <ExactTimes/>
            </div>
        </Frame>
        {dialogs}
    }
}

/// What it means that the key does not work, or will soon stop: a sentence below its state.
#[component]
fn Ending(data: Arc<KeyPageData>) -> impl IntoView {
    let successor = data.replacement().map(|key| {
        view! {
            " Replaced by "
            <a href=key.href.clone()><code translate="no">{key.prefix.clone()}"..."</code></a>
        }
    });
    let sentence = match data.key.status {
        KeyStatus::Active => return ().into_any(),
        KeyStatus::Rotated => "This key was rotated and keeps working until it expires.".into_any(),
        KeyStatus::Expired => "This key has expired. Its requests get 401.".into_any(),
        KeyStatus::Revoked if data.leak_reported_at.is_some() => {
            "This key was reported as leaked and has been revoked. Its requests get 401.".into_any()
        }
        KeyStatus::Revoked => "This key was revoked and cannot be restored. Its requests get 401.".into_any(),
    };
    view! { <p class="key-ending">{sentence}{successor}</p> }.into_any()
}

/// Id of the form of `Create another like this`.
const LIKE: &str = "create-like";

/// A button for each action that the key's state allows; without scripts, the dialogs are on the page `API keys`.
#[component]
fn Actions(key: KeyRow, keys: String, may_manage: bool) -> impl IntoView {
    let button =
        |transition: Transition, dialog: &'static str, icon: Icon, label: &'static str, kind: Kind| {
            key.allows.contains(&transition).then(|| {
                let disabled = disabled_because(read_only(may_manage));
                view! { <Button {..disabled} label kind icon attr:name="dialog" attr:value=dialog/> }
            })
        };
    let disabled = disabled_because(read_only(may_manage));
    let reissue = key.allows.contains(&Transition::Reissue).then(|| {
        let disabled = disabled_because(read_only(may_manage));
        view! {
            <Button
                {..disabled}
                label="Reissue secret"
                icon=Icon::Key
                attr:name="dialog"
                attr:value="reissue"
                class:is-long=true
            />
        }
    });
    view! {
        // Another form, because the dialog to create a key takes a key to copy from, and none to act on.
        <form id=LIKE method="get" action=keys.clone() data-opens-dialog>
            <input type="hidden" name="like" value=key.id.clone()/>
            <input type="hidden" name="from" value=DETAIL/>
        </form>
        <form class="page-actions key-actions" method="get" action=keys aria-label="Actions" data-opens-dialog>
            <input type="hidden" name="key" value=key.id.clone()/>
            <input type="hidden" name="from" value=DETAIL/>
            <Button
                {..disabled}
                label="Create another like this"
                icon=Icon::Plus
                attr:form=LIKE
                attr:name="dialog"
                attr:value="create"
                class:is-long=true
            />
            {reissue}
            {button(Transition::Rotate, "rotate", Icon::Renew, "Rotate", Kind::Plain)}
            {button(Transition::ChangeGrace, "grace", Icon::Clock, "Grace period", Kind::Plain)}
            {button(Transition::Revoke, "revoke", Icon::Lock, "Revoke", Kind::DangerQuiet)}
            {button(Transition::Delete, "delete", Icon::Delete, "Delete", Kind::DangerQuiet)}
        </form>
    }
}

/// The chart, below its totals and the last use.
#[component]
fn Use(data: Arc<KeyPageData>) -> impl IntoView {
    let gaps = data.has_gaps.then(|| {
        view! {
            <Notice tone=Tone::Warning>
                "Some requests are missing: more arrived than the log could store. All were checked."
            </Notice>
        }
    });
    let last_used = view! { <Moment at=data.key.last_used_at now=data.now/> }.into_any();
    view! {
        <Panel id="requests-title" title=data.days_title.clone()>
            {gaps}
            <Chart days=data.days.clone() none=data.no_days.clone() last_used/>
        </Panel>
    }
}
