//! Text to copy as a whole: lines wrap instead of being cut off, and the block takes the keyboard focus.

use leptos::prelude::*;

/// A block of text, which no browser translates.
#[component]
pub fn Snippet(
    /// The text.
    #[prop(into)]
    text: String,
    /// Id, if another element refers to it.
    #[prop(optional)]
    id: Option<&'static str>,
    /// CSS classes.
    #[prop(default = "snippet")]
    class: &'static str,
) -> impl IntoView {
    view! { <pre class=class tabindex="0" translate="no"><code id=id>{text}</code></pre> }
}
