//! What the list shows: the search, and all keys, those that work or those that ended.

use crate::ui::kit::icon::{Drawing, Icon};
use leptos::prelude::*;

/// A choice of the list: its label, how many keys it has, where it leads, whether it is the present one.
#[derive(Clone, Debug)]
pub struct Segment {
    /// What it is called.
    pub label: &'static str,
    /// How many keys it has.
    pub count: u64,
    /// Where it leads.
    pub href: String,
    /// Whether the list shows it.
    pub is_current: bool,
}

/// Where the list leads.
#[derive(Clone, Debug, Default)]
pub struct ListLinks {
    /// All, those that work, those that ended.
    pub segments: Vec<Segment>,
    /// Fields that a search keeps.
    pub search_fields: Vec<(String, String)>,
    /// Fields of the same list in the other view.
    pub full_fields: Vec<(String, String)>,
    /// The list without the search.
    pub clear: String,
}

/// The bar above the table.
#[component]
pub fn Toolbar(
    /// What was searched for.
    search: String,
    /// Where the list leads.
    links: ListLinks,
) -> impl IntoView {
    let fields = links
        .search_fields
        .into_iter()
        .map(|(name, value)| view! { <input type="hidden" name=name value=value/> })
        .collect_view();
    let segments = links
        .segments
        .into_iter()
        .map(|segment| {
            view! {
                <a href=segment.href aria-current=segment.is_current.then_some("true")>
                    {segment.label}
                    " "
                    <span class="segment-count">{segment.count}</span>
                </a>
            }
        })
        .collect_view();
    view! {
        <div class="toolbar">
            <form class="search" role="search" method="get">
                <Drawing icon=Icon::Search/>
                <label class="visually-hidden" for="search">"Search"</label>
                <input
                    id="search"
                    type="search"
                    name="search"
                    value=search
                    placeholder="Search..."
                    maxlength="100"
                    autocomplete="off"
                    spellcheck="false"
                />
                {fields}
                <button class="button quiet search-go" type="submit">"Search"</button>
            </form>
            <nav class="segments" aria-label="Status">{segments}</nav>
        </div>
    }
}
