//! What stands in the place of a list that has nothing to show.

use leptos::prelude::*;

/// A card that says so, and what can be done about it.
#[component]
pub fn Empty(
    /// What there is none of.
    #[prop(into)]
    title: String,
    /// A drawing above it.
    #[prop(optional, into)]
    drawing: Option<AnyView>,
    /// A sentence, and a way on.
    children: Children,
) -> impl IntoView {
    view! {
        <div class="card">
            <div class="empty">
                {drawing}
                <h2 class="empty-title"><bdi>{title}</bdi></h2>
                {children()}
            </div>
        </div>
    }
}
