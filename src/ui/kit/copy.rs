//! Copying to the clipboard. The button turns into a tick and `Copied` for two seconds, and a status line says
//! so to screen readers. Only shown where scripts run.
//!
//! The text comes from an attribute of the button, or from memory, and never from what the page shows: browsers that
//! translate pages change that.

use super::{
    button::Kind,
    dom::{by_id, closest, show_scripted, target},
    icon::{Drawing, Icon},
};
use leptos::{
    ev,
    prelude::*,
    task::spawn_local,
    wasm_bindgen::{JsValue, intern},
    web_sys::Element,
};
use std::time::Duration;

/// How long a button says that it has copied.
const SHOWN: Duration = Duration::from_secs(2);

/// A button that copies the text in `data-copies`. Both of its states are in it, and the style sheet shows one.
#[component]
pub fn CopyButton(
    /// The text; without one, the caller handles the click.
    #[prop(optional, into)]
    text: Option<String>,
    /// Id of the status line, see [`CopyStatus`].
    #[prop(into)]
    status: String,
    /// How much the button stands out.
    #[prop(default = Kind::Plain)]
    kind: Kind,
    /// What is said when the browser refuses.
    refused: &'static str,
) -> impl IntoView {
    view! {
        <button
            class=format!("{} copy", kind.class())
            type="button"
            data-copies=text
            data-tells=status
            data-refused=refused
        >
            <Drawing icon=Icon::Copy class="copy-rest"/>
            <Drawing icon=Icon::Check class="copy-done"/>
            <span class="copy-rest">"Copy"</span>
            <span class="copy-done">"Copied"</span>
        </button>
    }
}

/// The status line of a copy button. It is seen only if copying failed: otherwise the button shows the result.
#[component]
pub fn CopyStatus(
    /// Its id.
    #[prop(into)]
    id: String,
) -> impl IntoView {
    view! { <p class="field-hint copy-status" role="status" id=id></p> }
}

/// A button that copies a text, with its status line, on pages without other islands.
#[component]
pub fn CopyText(
    /// The text.
    text: String,
    /// Id of the status line.
    status: &'static str,
) -> impl IntoView {
    view! {
        <span class="copy-text" data-needs-script hidden>
            <CopyStatus id=status/>
            <CopyButton text status refused="The browser does not let this page copy. Download the file instead."/>
        </span>
        <CopyClicks/>
    }
}

/// The script side of [`CopyText`].
#[island]
pub fn CopyClicks() -> impl IntoView {
    if is_browser()
        && let Some(root) = document().document_element()
    {
        show_scripted(&root);
    }
    window_event_listener(ev::click, |event| {
        if let Some(target) = target(&event) {
            copy_clicked(&target);
        }
    });
}

/// Copies if `target` is within a button with `data-copies`.
pub fn copy_clicked(target: &Element) {
    let Some(button) = closest(target, "[data-copies]") else {
        return;
    };
    let text = button.get_attribute("data-copies").unwrap_or_default();
    spawn_local(async move {
        let is_copied = write_clipboard(&text).await;
        tell(&button, is_copied, "Copied.");
    });
}

/// Shows the result of copying at its button.
pub fn tell(button: &Element, is_copied: bool, sentence: &str) {
    let status = button.get_attribute("data-tells").and_then(|id| by_id(&id));
    if let Some(status) = status {
        let refused = button.get_attribute("data-refused").unwrap_or_default();
        status.set_text_content(Some(if is_copied { sentence } else { &refused }));
        // Cannot fail: the attribute name is valid.
        let _ = status.toggle_attribute_with_force("data-copied", is_copied);
    }
    if is_copied {
        mark(button, true);
        let button = button.clone();
        set_timeout(move || mark(&button, false), SHOWN);
    }
}

fn mark(button: &Element, is_copied: bool) {
    // Cannot fail: the attribute name is valid.
    let _ = button.toggle_attribute_with_force("data-copied", is_copied);
}

/// Copies a text to the clipboard, and returns whether that worked. Pages without TLS have no clipboard, and
/// the browser or the person can deny access.
pub async fn write_clipboard(text: &str) -> bool {
    let navigator = window().navigator();
    let has_clipboard = js_sys::Reflect::get(&navigator, &JsValue::from_str(intern("clipboard")));
    if !has_clipboard.is_ok_and(|clipboard| clipboard.is_object()) {
        return false;
    }
    let written = navigator.clipboard().write_text(text);
    wasm_bindgen_futures::JsFuture::from(written).await.is_ok()
}
