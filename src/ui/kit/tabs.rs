//! Tabs: links to other pages, and tabs of a panel, which scripts fill and switch.

use leptos::prelude::*;

/// A tab that is a link.
#[derive(Clone, Debug)]
pub struct TabLink {
    /// Label.
    pub label: &'static str,
    /// Path of its page.
    pub href: String,
    /// Whether it is the current one.
    pub is_current: bool,
}

/// Tabs that are links.
#[component]
pub fn TabLinks(
    /// Accessible name.
    label: &'static str,
    /// The tabs.
    links: Vec<TabLink>,
) -> impl IntoView {
    let links = links
        .into_iter()
        .map(|link| {
            view! {
                <a class="tab" href=link.href aria-current=link.is_current.then_some("page")>
                    {link.label}
                </a>
            }
        })
        .collect_view();
    view! { <nav class="tabs" aria-label=label>{links}</nav> }
}

/// Tabs of a panel, one for each copy that a script makes of the hidden first one, and the panel. Arrow keys
/// move the focus and select the tab (ARIA Authoring Practices, "Tabs").
#[component]
pub fn TabList(
    /// Id of the heading that names them.
    labelled_by: &'static str,
    /// Id of the panel.
    controls: &'static str,
) -> impl IntoView {
    view! {
        <div class="tabs" role="tablist" aria-labelledby=labelled_by>
            <button class="tab" type="button" role="tab" aria-controls=controls data-slot="tab" hidden></button>
        </div>
    }
}
