//! Tabs: links to other pages, and tabs of a panel, which scripts switch.

use leptos::{ev, prelude::*, wasm_bindgen::JsCast as _, web_sys::HtmlElement};

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

/// Id of the `n`-th tab of a panel.
#[must_use]
pub fn tab_id(n: usize) -> String {
    format!("tab-{n}")
}

/// Tabs of a panel. Arrow keys move the focus and select the tab (ARIA Authoring Practices, "Tabs").
#[component]
pub fn TabList(
    /// Id of the heading that names them.
    labelled_by: &'static str,
    /// Id of the panel.
    controls: &'static str,
    /// Labels.
    labels: Vec<String>,
    /// Index of the selected tab.
    chosen: RwSignal<usize>,
    /// Handler that selects another tab.
    choose: impl Fn(usize) + Copy + 'static,
) -> impl IntoView {
    let count = labels.len();
    let tabs = labels
        .into_iter()
        .enumerate()
        .map(|(n, label)| {
            view! {
                <button
                    class="tab"
                    type="button"
                    role="tab"
                    id=tab_id(n)
                    aria-controls=controls
                    aria-selected=move || if chosen.get() == n { "true" } else { "false" }
                    tabindex=move || if chosen.get() == n { "0" } else { "-1" }
                    on:click=move |_| choose(n)
                >
                    {label}
                </button>
            }
        })
        .collect_view();
    let arrows = move |event: ev::KeyboardEvent| {
        let now = chosen.get_untracked();
        let next = match event.key().as_str() {
            "ArrowRight" => (now + 1) % count,
            "ArrowLeft" => (now + count - 1) % count,
            "Home" => 0,
            "End" => count - 1,
            _ => return,
        };
        event.prevent_default();
        choose(next);
        if let Some(tab) = document().get_element_by_id(&tab_id(next)) {
            let _ = tab.unchecked_ref::<HtmlElement>().focus();
        }
    };
    view! {
        <div class="tabs" role="tablist" aria-labelledby=labelled_by on:keydown=arrows>
            {tabs}
        </div>
    }
}
