//! `View API key` as a page, for browsers without scripts: the secret in a field that can be selected. With scripts it
//! is `view`, which never puts the secret into a page.

use crate::{
    api::keys::CreatedKey,
    ui::{
        kit::icon::{Drawing, Icon},
        pages::go_to,
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
    created: Arc<CreatedKey>,
    /// Path of the page behind it.
    page: String,
) -> impl IntoView {
    let action = format!("{page}#key-{}", created.id);
    view! {
        <dialog class="dialog" open aria-labelledby="kept-key-title">
            <form class="dialog-form" method="get" action=action>
                <input type="hidden" name="created" value=created.id.clone()/>
                <header class="dialog-head">
                    <h2 id="kept-key-title">"View API key"</h2>
                    <p><bdi>{created.name.clone()}</bdi>" · "{created.preset.clone()}</p>
                </header>
                <div class="dialog-body">
                    <p class="notice notice-warning">
                        <Drawing icon=Icon::Warning/>
                        <span>"You can only see this key once. Store it safely."</span>
                    </p>
                    <div class="field">
                        <label for=FIELD>"API key"</label>
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
                                {created.secret.expose().to_owned()}
                            </textarea>
                        </div>
                        <p class="field-hint">"Select the key and copy it. Reloading this page does not show it again."</p>
                    </div>
                </div>
                <footer class="dialog-foot">
                    <button class="button primary" type="submit">"Done"</button>
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
    /// Path of the page behind the dialog.
    page: String,
) -> impl IntoView {
    window_event_listener(ev::pagehide, |_| {
        let field = document().get_element_by_id(FIELD);
        if let Some(field) = field.and_then(|field| field.dyn_into::<HtmlTextAreaElement>().ok()) {
            field.set_value("");
            field.set_text_content(None);
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
    /// Path of the page behind it.
    page: String,
) -> impl IntoView {
    view! {
        <dialog class="dialog" open aria-labelledby="repeated-title">
            <form class="dialog-form" method="get" action=page>
                <header class="dialog-head">
                    <h2 id="repeated-title">"This key was shown already"</h2>
                </header>
                <div class="dialog-body">
                    <p>{sentence}</p>
                </div>
                <footer class="dialog-foot">
                    <button class="button primary" type="submit" autofocus>"Done"</button>
                </footer>
            </form>
        </dialog>
    }
}
