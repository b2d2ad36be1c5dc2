//! `View API key` as a page, for browsers without scripts: the secret in a field that can be selected. With scripts it
//! is `view`, which never puts the secret into a page.

use super::list_view::{ListView, ViewFields};
use crate::{
    api::keys::RevealedKey,
    domain::snippet::KEY,
    ui::kit::{
        button::{Button, Kind},
        dialog::DialogHead,
        notice::{Notice, Tone},
        send::go_to,
    },
};
use leptos::{ev, prelude::*, wasm_bindgen::JsCast as _, web_sys::HtmlTextAreaElement};
use std::sync::Arc;

/// Id of the field with the secret.
const FIELD: &str = "kept-key";

/// The dialog, drawn open.
#[component]
pub fn KeptKey(
    /// The key.
    revealed: Arc<RevealedKey>,
    /// The list behind it.
    view: ListView,
) -> impl IntoView {
    let (action, page) = (view.row(&revealed.id), view.href.clone());
    let (title, label) = revealed.titles();
    let filled = |text: &str| text.replace(KEY, revealed.secret.expose());
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
                <pre class="snippet" tabindex="0"><code data-secret>{filled(&snippet.text)}</code></pre>
                <p class="field-hint">{snippet.note.clone()}</p>
            }
        })
        .collect_view();
    let trial = revealed.trial.as_ref().map(|trial| {
        view! {
            <section class="usage usage-test">
                <h3>"Test it"</h3>
                <pre class="snippet" tabindex="0"><code data-secret>{filled(&trial.command)}</code></pre>
                <p class="field-hint">"Expected: "{trial.expected.clone()}</p>
            </section>
        }
    });
    let (name, about) = (revealed.name.clone(), revealed.about.clone());
    view! {
        <dialog class="dialog" open aria-labelledby="kept-key-title">
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
                    <div class="field">
                        <label for=FIELD>{label}</label>
                        <div class="secret">
                            <textarea
                                id=FIELD
                                class="secret-text"
                                rows="2"
                                readonly
                                autofocus
                                autocomplete="off"
                                spellcheck="false"
                            >
                                {revealed.secret.expose().to_owned()}
                            </textarea>
                        </div>
                        <p class="field-hint">"Select the key and copy it. Reloading this page does not show it again."</p>
                    </div>
                    {notes}
                    <section class="usage">
                        <h3>"How to use it"</h3>
                        {snippets}
                    </section>
                    {trial}
                </div>
                <footer class="dialog-foot">
                    <Button label="Done" kind=Kind::Primary/>
                </footer>
            </form>
        </dialog>
        <ForgetKey page/>
    }
}

/// Where scripts run after all (the form was sent before they were ready), the secret leaves with the page, and a page
/// that comes back from the browser's memory is asked for anew (docs/security.md, S34).
#[island]
pub fn ForgetKey(
    /// Address of the page behind the dialog.
    page: String,
) -> impl IntoView {
    window_event_listener(ev::pagehide, |_| {
        let field = document().get_element_by_id(FIELD);
        if let Some(field) = field.and_then(|field| field.dyn_into::<HtmlTextAreaElement>().ok()) {
            field.set_value("");
            field.set_text_content(None);
        }
        if let Ok(filled) = document().query_selector_all("[data-secret]") {
            for n in 0..filled.length() {
                if let Some(text) = filled.item(n) {
                    text.set_text_content(None);
                }
            }
        }
    });
    window_event_listener(ev::pageshow, move |event| {
        if event.persisted() {
            go_to(&page);
        }
    });
}

/// Says that the form was sent before, drawn open.
#[component]
pub fn RepeatedForm(
    /// What happened, and what to do.
    sentence: &'static str,
    /// The list behind it.
    view: ListView,
) -> impl IntoView {
    let page = view.page.clone();
    view! {
        <dialog class="dialog" open aria-labelledby="repeated-title">
            <form class="dialog-form" method="get" action=page>
                <ViewFields view/>
                <DialogHead id="repeated-title" title="This key was shown already"/>
                <div class="dialog-body">
                    <p>{sentence}</p>
                </div>
                <footer class="dialog-foot">
                    <Button label="Done" kind=Kind::Primary attr:autofocus=true/>
                </footer>
            </form>
        </dialog>
    }
}
