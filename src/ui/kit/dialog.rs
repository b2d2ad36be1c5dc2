//! Parts of dialogs.

use leptos::prelude::*;

/// The head of a dialog: its title, which names the dialog to screen readers by the id, and at most a line.
#[component]
pub fn DialogHead(
    /// Id of the title, for the dialog's `aria-labelledby`.
    #[prop(into)]
    id: String,
    /// The title.
    title: &'static str,
    /// The line.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    view! {
        <header class="dialog-head">
            <h2 id=id>{title}</h2>
            {children.map(|line| view! { <p>{line()}</p> })}
        </header>
    }
}
