//! Facts about a key: the narrow column of its page.

use super::KeyPageData;
use crate::{
    domain::{
        key::{KeyStatus, rate_limit},
        number::counted,
        time::Timestamp,
    },
    ui::kit::{
        badge::StatusBadge,
        button::Kind,
        copy::{CopyButton, CopyClicks, CopyStatus},
        moment::{Moment, PhraseText},
        panel::{Fact, Panel},
    },
};
use leptos::prelude::*;
use std::sync::Arc;

/// Entries of an allowlist that are shown before all of them are.
const ENTRIES: usize = 6;
/// Id of the status line of the button that copies the key's id.
const ID_COPIED: &str = "key-id-copied";

/// Who created it and when, when it ends, its rate limit, its id.
#[component]
pub fn About(data: Arc<KeyPageData>) -> impl IntoView {
    let (key, now) = (data.key.clone(), data.now);
    let limit = key
        .rate_limit
        .map_or_else(|| "Uses the account limit".to_owned(), rate_limit::label);
    // A key in its grace period has two ends: that of the grace period, and its own.
    let grace = data
        .grace_ends_at
        .filter(|_| key.status == KeyStatus::Rotated)
        .map(|at| view! { <Fact name="Grace period ends"><Moment at=Some(at) now/></Fact> });
    let (name, end) = match key.status {
        KeyStatus::Expired => ("Expired", data.end),
        _ => ("Expires", data.expires_at),
    };
    // A revoked key has no end to come.
    let end = (key.status != KeyStatus::Revoked).then(|| view! { <Fact name><Moment at=end now/></Fact> });
    let past = |name: &'static str, at: Option<Timestamp>| {
        at.map(|at| view! { <Fact name><Moment at=Some(at) now/></Fact> })
    };
    let (revoked, leaked) = (
        past("Revoked", data.revoked_at),
        past("Reported as leaked", data.leak_reported_at),
    );
    // The dialogs listen to copy buttons too, but members have none.
    let clicks = (!data.may_manage).then(|| view! { <CopyClicks/> });
    let copy = view! {
        <span class="key-id-copy" data-needs-script hidden>
            <CopyButton
                text=key.id.clone()
                status=ID_COPIED
                kind=Kind::Link
                refused="The browser does not let this page copy. Select the id instead."
            />
            <CopyStatus id=ID_COPIED/>
        </span>
        {clicks}
    };
    let creator = data
        .creator
        .clone()
        .unwrap_or_else(|| "A former member".to_owned());
    view! {
        <Panel id="about-title" title="About">
            <dl class="facts">
                {grace}
                {end}
                {revoked}
                {leaked}
                <Fact name="Permissions">{data.permissions.clone()}</Fact>
                <Fact name="Rate limit">{limit}</Fact>
                <Fact name="Created"><Moment at=Some(key.created_at) now/>" by "<bdi translate="no">{creator}</bdi></Fact>
                <Fact name="Id">
                    <code translate="no" class="key-id">{key.id}</code>
                    {copy}
                </Fact>
            </dl>
        </Panel>
    }
}

/// The keys of its rotations, if there was one.
#[component]
pub fn Chain(data: Arc<KeyPageData>) -> impl IntoView {
    let now = data.now;
    if data.chain.len() < 2 {
        return ().into_any();
    }
    let items = data
        .chain
        .iter()
        .cloned()
        .map(|key| {
            let current = (key.id == data.key.id).then_some("true");
            let prefix = view! { <code translate="no">{key.prefix}"..."</code> };
            // This page is the one of the current key.
            let prefix = match current {
                Some(_) => prefix.into_any(),
                None => view! { <a href=key.href>{prefix}</a> }.into_any(),
            };
            let used = key
                .usage
                .map(|phrase| view! { <span class="sub"><PhraseText phrase now/></span> });
            view! {
                <li aria-current=current>
                    {prefix}
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

/// The addresses that it can be used from.
#[component]
pub fn Addresses(entries: Vec<String>) -> impl IntoView {
    let list = |entries: &[String]| {
        let items = entries
            .iter()
            .cloned()
            .map(|entry| view! { <li><code translate="no">{entry}</code></li> })
            .collect_view();
        view! { <ul class="entries">{items}</ul> }
    };
    let addresses = if entries.is_empty() {
        view! { <p class="quiet">"Any address"</p> }.into_any()
    } else if entries.len() <= ENTRIES {
        list(&entries).into_any()
    } else {
        let (first, others) = entries.split_at(ENTRIES);
        view! {
            {list(first)}
            <details class="fold">
                <summary>
                    <span class="fold-closed">{format!("Show all {}", entries.len())}</span>
                    <span class="fold-open">{format!("Show the first {ENTRIES}")}</span>
                </summary>
                {list(others)}
            </details>
        }
        .into_any()
    };
    view! {
        <Panel id="addresses-title" title="IP allowlist">
            {addresses}
        </Panel>
    }
}

/// Its scopes; each opens to the routes that it allows.
#[component]
pub fn Routes(scopes: Vec<(String, Vec<String>)>) -> impl IntoView {
    let items = scopes
        .into_iter()
        .map(|(scope, routes)| {
            let count = match routes.len() {
                0 => "no routes".to_owned(),
                routes => counted(routes as u64, "route"),
            };
            let routes = routes
                .into_iter()
                .map(|route| view! { <li><code translate="no">{route}</code></li> })
                .collect_view();
            view! {
                <details class="fold scope-fold">
                    <summary>
                        <code translate="no">{scope}</code>
                        <span class="sub">{count}</span>
                    </summary>
                    <ul class="entries">{routes}</ul>
                </details>
            }
        })
        .collect_view();
    view! {
        <Panel id="routes-title" title="Scopes">
            <div class="scope-folds">{items}</div>
        </Panel>
    }
}
