//! The bar above the table: search, and the filter All, Working, Ended.

use crate::ui::kit::{
    button::{Button, Kind},
    search::SearchField,
    segments::{Segment, Segments},
};
use leptos::prelude::*;

/// Links and forms that change the view.
#[derive(Clone, Debug, Default)]
pub struct ListLinks {
    /// The filter: all keys, live ones, ended ones.
    pub segments: Vec<Segment>,
    /// Hidden fields of the search form, which keep the filter.
    pub search_fields: Vec<(String, String)>,
    /// Hidden fields of the form that switches the width.
    pub full_fields: Vec<(String, String)>,
    /// Path of the list without the search.
    pub clear: String,
}

/// The bar above the table.
#[component]
pub fn Toolbar(
    /// The current search.
    search: String,
    /// Links and forms that change the view.
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
