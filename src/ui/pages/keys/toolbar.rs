//! What the list shows: the search, and all keys, those that work or those that ended.

use crate::ui::kit::{
    button::{Button, Kind},
    search::SearchField,
    segments::{Segment, Segments},
};
use leptos::prelude::*;

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
    view! {
        <div class="toolbar">
            <form class="search" role="search" method="get">
                <SearchField label="Search" placeholder="Search..." value=search/>
                {fields}
                <Button label="Search" kind=Kind::Quiet class:search-go=true/>
            </form>
            <Segments label="Status" segments=links.segments/>
        </div>
    }
}
