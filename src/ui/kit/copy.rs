//! Copying to the clipboard.

#![expect(
    missing_docs,
    reason = "the macro of an island leaves the docs off what it makes of it"
)]

use super::button::Button;
use leptos::{
    prelude::*,
    task::spawn_local,
    wasm_bindgen::{JsValue, intern},
};

/// A button that copies the text of another element. Only shown where scripts run.
#[island]
pub fn CopyText(
    /// Id of the element.
    from: String,
) -> impl IntoView {
    let note = RwSignal::new("");
    let ready = RwSignal::new(false);
    Effect::new(move |_| ready.set(true));
    let copy = move |_| {
        let text = document()
            .get_element_by_id(&from)
            .and_then(|element| element.text_content());
        spawn_local(async move {
            let copied = write_clipboard(&text.unwrap_or_default()).await;
            note.set(if copied {
                "Copied."
            } else {
                "The browser does not let this page copy. Download the file instead."
            });
        });
    };
    view! {
        <span class="copy-text">
            <span class="field-hint" role="status">{move || note.get()}</span>
            <Button label="Copy" acts="button" attr:hidden=move || !ready.get() on:click=copy/>
        </span>
    }
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
