//! `View API key` as a page, for browsers without scripts: the secret is in a text field, masked until a
//! check box is set. With scripts, `reveal` shows it and no page contains the secret.

use super::{
    confirm::DETAIL,
    list_view::{ListView, ViewFields},
};
use crate::{
    api::wire::RevealedKey,
    domain::{paths, snippet::KEY},
    ui::kit::{
        button::{Button, Kind},
        dialog::{Dialog, DialogFoot, DialogHead, lead_id},
        moment::your_time,
        notice::{Notice, Tone},
        secret::{PlainSecret, masked},
        snippet::Snippet,
    },
};
use leptos::prelude::*;
use std::sync::Arc;

/// Id of the warning that the key is shown once. `View API key` for scripts is on the page as well.
const KEPT_ONCE: &str = "kept-shown-once";

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
        <Snippet text=hidden class="snippet is-masked"/>
        <Snippet text=filled class="snippet is-filled" attr:data-secret=true/>
    }
}

/// The dialog, rendered open.
#[component]
pub fn KeptKey(
    /// The key.
    revealed: Arc<RevealedKey>,
    /// The list behind it.
    view: ListView,
    /// Path of the page that follows, if it is not the list.
    back: Option<String>,
) -> impl IntoView {
    let page = view.href.clone();
    let created = back.is_none().then(|| {
        view! {
            <ViewFields view=view.clone()/>
            <input type="hidden" name="created" value=revealed.id.clone()/>
        }
    });
    // A form without fields would leave a bare question mark in the address.
    let done = match back.clone() {
        Some(back) => view! { <a class=Kind::Primary.class() href=back>"Done"</a> }.into_any(),
        None => view! { <Button label="Done" kind=Kind::Primary/> }.into_any(),
    };
    let action = back.unwrap_or_else(|| view.row(&revealed.id));
    let (title, label) = revealed.titles();
    let (expires, mut old_ends) = (
        revealed.expires_at.clone().map(your_time),
        revealed.old_key_ends_at.clone().map(your_time),
    );
    let notes = revealed
        .notes
        .iter()
        .map(|note| view! { <p class="field-hint">{note.clone()}{old_ends.take()}</p> })
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
    let (name, about) = (revealed.name.clone(), revealed.about.clone());
    view! {
        // If scripts run after all, the key is removed when the page is left.
        <Dialog
            titled_by="kept-key-title"
            described_by=format!("{} {KEPT_ONCE}", lead_id("kept-key-title"))
            attr:data-forgets=page
        >
            <form class="dialog-form" method="get" action=action>
                {created}
                <DialogHead id="kept-key-title" title>
                    <bdi translate="no">{name}</bdi>
                    " · "
                    {about}
                    {expires}
                </DialogHead>
                <div class="dialog-body">
                    <Notice tone=Tone::Warning attr:id=KEPT_ONCE>"You can only see this key once. Store it safely."</Notice>
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
                </div>
                <DialogFoot>{done}</DialogFoot>
            </form>
        </Dialog>
    }
}

/// Dialog, rendered open: the form was already submitted.
#[component]
pub fn RepeatedForm(
    /// Id of the key whose secret can be reissued, if there is one.
    reissue: Option<String>,
    /// The list behind it.
    view: ListView,
    /// Path of the key's page, if the form was opened there.
    back: Option<String>,
) -> impl IntoView {
    let page = view.page.clone();
    let reissue = reissue.map(|id| {
        let is_from_detail = back.as_deref() == Some(&*paths::key_below(&page, &id));
        let from = is_from_detail.then(|| view! { <input type="hidden" name="from" value=DETAIL/> });
        view! {
            <form id="reissue-lost" method="get" action=page.clone()>
                <ViewFields view=view.clone()/>
                <input type="hidden" name="dialog" value="reissue"/>
                <input type="hidden" name="key" value=id/>
                {from}
            </form>
        }
    });
    let way_on = reissue.is_some().then_some(" If you do not have it, reissue it.");
    let again = reissue
        .is_some()
        .then(|| view! { <Button label="Reissue secret" attr:form="reissue-lost"/> });
    let list = back.is_none().then(|| view! { <ViewFields view/> });
    view! {
        <Dialog titled_by="repeated-title" described_by=lead_id("repeated-title")>
            <form class="dialog-form" method="get" action=back.unwrap_or(page)>
                {list}
                <DialogHead id="repeated-title" title="This form was sent already">
                    "The secret was shown once."
                    {way_on}
                </DialogHead>
                <DialogFoot>
                    {again}
                    <Button label="Done" kind=Kind::Primary attr:autofocus=true/>
                </DialogFoot>
            </form>
            {reissue}
        </Dialog>
    }
}
