//! `View API key` as a page, for browsers without scripts: the secret is in a text field, masked until a
//! check box is set. With scripts, `reveal_dialog` shows it and no page contains the secret.

use super::list_view::{ListView, ViewFields};
use crate::{
    api::wire::RevealedKey,
    domain::snippet::KEY,
    ui::kit::{
        button::{Button, Kind},
        dialog::{Dialog, DialogFoot, DialogHead},
        dom::each,
        notice::{Notice, Tone},
        secret::{PlainSecret, masked},
        send::go_to,
        snippet::Snippet,
    },
};
use leptos::{ev, prelude::*};
use std::sync::Arc;

/// A text with the key in it, masked like the value above.
#[component]
fn Filled(
    /// The text, with a placeholder for the key.
    text: String,
    /// The key.
    revealed: Arc<RevealedKey>,
) -> impl IntoView {
    let secret = revealed.secret.expose();
    let (hidden, filled) = (text.replace(KEY, &masked(secret)), text.replace(KEY, secret));
    view! {
        <Snippet text=move || hidden.clone() class="snippet is-masked"/>
        <Snippet text=move || filled.clone() class="snippet is-filled" attr:data-secret=true/>
    }
}

/// The dialog, rendered open.
#[component]
pub fn KeptKey(
    /// The key.
    revealed: Arc<RevealedKey>,
    /// The list behind it.
    view: ListView,
) -> impl IntoView {
    let (action, page) = (view.row(&revealed.id), view.href.clone());
    let (title, label) = revealed.titles();
    let notes = revealed
        .notes
        .iter()
        .map(|note| view! { <p class="field-hint">{note.clone()}</p> })
        .collect_view();
    let snippets = revealed
        .snippets
        .iter()
        .map(|snippet| {
            view! {
                <h4 class="tab-title">{snippet.label.clone()}</h4>
                <Filled text=snippet.text.clone() revealed=Arc::clone(&revealed)/>
                <p class="field-hint">{snippet.note.clone()}</p>
            }
        })
        .collect_view();
    let trial = revealed.trial.as_ref().map(|trial| {
        view! {
            <section class="usage usage-test">
                <h3>"Test it"</h3>
                <Filled text=trial.command.clone() revealed=Arc::clone(&revealed)/>
                <p class="field-hint">"Expected: "{trial.expected.clone()}</p>
            </section>
        }
    });
    let (name, about) = (revealed.name.clone(), revealed.about.clone());
    view! {
        <Dialog titled_by="kept-key-title">
            <form class="dialog-form" method="get" action=action>
                <ViewFields view/>
                <input type="hidden" name="created" value=revealed.id.clone()/>
                <DialogHead id="kept-key-title" title>
                    <bdi>{name}</bdi>
                    " · "
                    {about}
                </DialogHead>
                <div class="dialog-body">
                    <Notice tone=Tone::Warning>"You can only see this key once. Store it safely."</Notice>
                    <PlainSecret
                        label
                        secret=revealed.secret.expose().to_owned()
                        hint="Show the key, select it and copy it. Reloading this page does not show it again."
                    />
                    {notes}
                    <section class="usage">
                        <h3>"How to use it"</h3>
                        {snippets}
                    </section>
                    {trial}
                </div>
                <DialogFoot>
                    <Button label="Done" kind=Kind::Primary/>
                </DialogFoot>
            </form>
        </Dialog>
        <ForgetKey page/>
    }
}

/// Removes the secret when the page is left, for browsers whose scripts started after the form was sent. A
/// page that comes back from the back/forward cache navigates to `page` (docs/security.md, S34).
#[island]
pub fn ForgetKey(
    /// Address of the page behind the dialog.
    page: String,
) -> impl IntoView {
    window_event_listener(ev::pagehide, |_| {
        each("[data-secret]", &mut |text| text.set_text_content(None));
    });
    window_event_listener(ev::pageshow, move |event| {
        if event.persisted() {
            go_to(&page);
        }
    });
}

/// Dialog, rendered open: the form was already submitted.
#[component]
pub fn RepeatedForm(
    /// What happened, and what to do.
    sentence: &'static str,
    /// The list behind it.
    view: ListView,
) -> impl IntoView {
    let page = view.page.clone();
    view! {
        <Dialog titled_by="repeated-title">
            <form class="dialog-form" method="get" action=page>
                <ViewFields view/>
                <DialogHead id="repeated-title" title="This key was shown already">{sentence}</DialogHead>
                <DialogFoot>
                    <Button label="Done" kind=Kind::Primary attr:autofocus=true/>
                </DialogFoot>
            </form>
        </Dialog>
    }
}
