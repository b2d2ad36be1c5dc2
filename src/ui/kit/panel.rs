//! Sections of a page: header, panels, facts.

use leptos::prelude::*;

/// Header of a page: title and sentence, and optionally actions and a link to the parent page.
#[component]
pub fn PageHead<T: IntoView>(
    /// The title.
    title: T,
    /// Path and name of the parent page.
    #[prop(optional)]
    above: Option<(String, &'static str)>,
    /// Actions.
    #[prop(optional, into)]
    actions: Option<AnyView>,
    /// The sentence.
    children: Children,
) -> impl IntoView {
    let above = above.map(|(href, label)| view! { <p class="crumb"><a href=href>{label}</a></p> });
    view! {
        <header class="page-head">
            <div class="page-title">
                {above}
                <h1>{title}</h1>
                {children()}
            </div>
            {actions}
        </header>
    }
}

/// A card with a title, one of several on a page.
#[component]
pub fn Panel(
    /// Id of the title.
    id: &'static str,
    /// The title.
    #[prop(into)]
    title: String,
    /// Path and label of a link beside the title.
    #[prop(default = None)]
    link: Option<(String, &'static str)>,
    /// Whether it spans all columns.
    #[prop(optional)]
    is_wide: bool,
    /// Content.
    children: Children,
) -> impl IntoView {
    let link = link.map(|(href, label)| view! { <a class="panel-link" href=href>{label}</a> });
    view! {
        <section class="card panel" class:is-wide=is_wide aria-labelledby=id>
            <div class="panel-head">
                <h2 id=id>{title}</h2>
                {link}
            </div>
            {children()}
        </section>
    }
}

/// A name and its value, one of several in a `<dl class="facts">`.
#[component]
pub fn Fact(
    /// The name.
    name: &'static str,
    /// The value.
    children: Children,
) -> impl IntoView {
    view! {
        <div>
            <dt>{name}</dt>
            <dd>{children()}</dd>
        </div>
    }
}
