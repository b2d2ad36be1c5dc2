//! The status line of a page: what the previous action has done, and the way on.

use super::{
    document::site,
    kit::{
        button::{Button, Kind},
        icon::{Drawing, Icon},
        moment::YourTime,
    },
    pages::keys::DETAIL,
};
use crate::domain::{
    done::{Done, works_until},
    paths,
    time::Timestamp,
};
use leptos::prelude::*;

/// The status line, if the previous action left one.
#[component]
pub fn StatusLine(
    /// Its id, if it takes the focus for a row that is not on the page.
    #[prop(default = None)]
    id: Option<String>,
) -> impl IntoView {
    let site = site();
    let (now, path) = (site.now, site.path);
    site.done.map(|done| {
        let (link, form) = (link(&done, &path), grace_form(&done, &path));
        let sentence = sentence(done, now);
        view! {
            <div
                class="notice notice-good page-notice"
                id=id.unwrap_or_else(|| paths::STATUS.to_owned())
                role="status"
                tabindex="-1"
                data-status
            >
                <Drawing icon=Icon::Check/>
                <span data-said>{sentence}{link}</span>
                {form}
            </div>
        }
    })
}

/// `Revoked 3 keys.`
fn counted(verb: &str, keys: usize) -> String {
    match keys {
        1 => format!("{verb} 1 key."),
        keys => format!("{verb} {keys} keys."),
    }
}

/// `2 were skipped: they had already ended.`
fn skipped(keys: usize) -> Option<String> {
    match keys {
        0 => None,
        1 => Some(" 1 was skipped: it had already ended.".to_owned()),
        keys => Some(format!(" {keys} were skipped: they had already ended.")),
    }
}

fn sentence(done: Done, now: Timestamp) -> AnyView {
    // An empty text would be rendered as a space.
    let named = |before: &'static str, name: String, after: AnyView| {
        let before = (!before.is_empty()).then_some(before);
        view! { {before}<bdi translate="no">{name}</bdi>{after} }.into_any()
    };
    let dot = || ".".into_any();
    let until = |before: &'static str, prefix: String, end| {
        view! { {before}<span translate="no">{prefix}"..."</span>{works_until(end, now)}<YourTime at=end/> }
            .into_any()
    };
    match done {
        Done::Created(key) => named("Created ", key.name, dot()),
        Done::Reissued(key) => named(
            "",
            key.name,
            " has a new secret. The old secret no longer works.".into_any(),
        ),
        Done::Rotated { old, end, .. } => {
            named("Rotated ", old.name, until(". The old key ", old.prefix, end))
        }
        Done::GraceChanged { key, end } => named("", key.name, until(": ", key.prefix, end)),
        Done::Stopped(key) => named(
            "",
            key.name,
            view! { " ("<span translate="no">{key.prefix}"..."</span>") has expired and no longer works." }
                .into_any(),
        ),
        Done::Revoked { only: Some(key), .. } => named("Revoked ", key.name, dot()),
        Done::Revoked {
            only: None,
            keys,
            skipped: ended,
        } => view! { {counted("Revoked", keys)}{skipped(ended)} }.into_any(),
        Done::Deleted { only: Some(name), .. } => named("Deleted ", name, dot()),
        Done::Deleted { only: None, keys } => counted("Deleted", keys).into_any(),
        Done::LeakAcknowledged(key) => named("Acknowledged the leak of ", key.name, dot()),
        Done::TeamCreated(name) => named(
            "Created the team ",
            name,
            ". Create its first API key. To add members, ask the person who runs this server.".into_any(),
        ),
    }
}

/// Path of the list of keys of the account whose page this is.
fn keys_of(path: &str) -> Option<String> {
    let account = path.strip_prefix(paths::HOME)?.split('/').next()?;
    Some(paths::keys(account))
}

/// A link to the key. `None` on the page of the key.
fn link(done: &Done, path: &str) -> Option<AnyView> {
    let (key, keys) = (done.key()?, keys_of(path)?);
    let href = paths::key_below(&keys, &key.id);
    let is_here = path.split(['?', '#']).next() == Some(&href);
    (!is_here).then(|| view! { " "<a href=href>"See the key"</a> }.into_any())
}

/// The button that opens the dialog `Change grace period`, for a key in its grace period.
fn grace_form(done: &Done, path: &str) -> Option<AnyView> {
    let (Done::Rotated { old: key, .. } | Done::GraceChanged { key, .. }) = done else {
        return None;
    };
    let (id, keys) = (key.id.clone(), keys_of(path)?);
    // On the page of the key, the dialog ends there.
    let is_there = path.split('?').next() == Some(&*paths::key_below(&keys, &id));
    let from = is_there.then(|| view! { <input type="hidden" name="from" value=DETAIL/> });
    let form = view! {
        <form method="get" action=keys data-opens-dialog>
            <input type="hidden" name="key" value=id/>
            {from}
            <Button label="Change grace period" kind=Kind::Link attr:name="dialog" attr:value="grace"/>
        </form>
    };
    Some(form.into_any())
}
