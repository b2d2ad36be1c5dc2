//! The empty state of a list.

use leptos::prelude::*;

/// A card that says that the list is empty, and what the person can do.
#[component]
pub fn Empty(
    /// Title: what there is none of.
    title: AnyView,
    /// Drawing above the title.
    #[prop(optional, into)]
    drawing: Option<AnyView>,
    /// A sentence and an action.
    children: Children,
) -> impl IntoView {
    view! {
        <div class="card">
            <div class="empty">
                {drawing}
                <h2 class="empty-title">{title}</h2>
                {children()}
            </div>
        </div>
    }
}
