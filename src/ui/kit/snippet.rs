//! Text to be copied whole: lines wrap, so that nothing of it is out of sight, and the keyboard reaches it.

use super::button::{Button, Kind};
use leptos::{prelude::*, web_sys::MouseEvent};

/// The text, which may change.
#[component]
pub fn Snippet(
    /// What it says now.
    text: impl Fn() -> String + Send + 'static,
    /// Id, where something refers to it.
    #[prop(optional)]
    id: Option<&'static str>,
    /// Its classes.
    #[prop(default = "snippet")]
    class: &'static str,
) -> impl IntoView {
    view! { <pre class=class tabindex="0"><code id=id>{text}</code></pre> }
}

/// Below it: what to know about it, or what became of copying it, and the button that copies.
#[component]
pub fn SnippetFoot(
    /// The sentence.
    note: impl Fn() -> String + Send + 'static,
    /// Copies.
    copy: impl FnMut(MouseEvent) + 'static,
) -> impl IntoView {
    view! {
        <div class="snippet-foot">
            <p class="field-hint" role="status">{note}</p>
            <Button label="To clipboard" kind=Kind::Quiet acts="button" on:click=copy/>
        </div>
    }
}
