//! Text to copy as a whole: lines wrap instead of being cut off, and the block takes the keyboard focus.

use super::button::{Button, Kind};
use leptos::{prelude::*, web_sys::MouseEvent};

/// A block of text.
#[component]
pub fn Snippet(
    /// The text, which can change.
    text: impl Fn() -> String + Send + 'static,
    /// Id, if another element refers to it.
    #[prop(optional)]
    id: Option<&'static str>,
    /// CSS classes.
    #[prop(default = "snippet")]
    class: &'static str,
) -> impl IntoView {
    view! { <pre class=class tabindex="0"><code id=id>{text}</code></pre> }
}

/// The line below it: a remark or the result of copying, and the button that copies.
#[component]
pub fn SnippetFoot(
    /// The remark.
    note: impl Fn() -> String + Send + 'static,
    /// Handler of the button.
    copy: impl FnMut(MouseEvent) + 'static,
) -> impl IntoView {
    view! {
        <div class="snippet-foot">
            <p class="field-hint" role="status">{note}</p>
            <Button label="To clipboard" kind=Kind::Quiet acts="button" on:click=copy/>
        </div>
    }
}
