//! The bar above the table: search, and a filter for each status.

use crate::{
    domain::{key::KeyStatus, number::grouped},
    ui::kit::{
        button::{Button, Kind},
        search::{SearchField, SearchLimit},
        segments::{Segment, Segments},
    },
};
use leptos::prelude::*;

/// Id of the sentence that says what a search found.
const FOUND: &str = "search-found";

/// Links and forms that change the view.
#[derive(Clone, Debug, Default)]
pub struct ListLinks {
    /// The filter: all keys, and those of each status.
    pub segments: Vec<Segment>,
    /// Hidden fields of the search form, which keep the filter.
    pub search_fields: Vec<(String, String)>,
    /// Hidden fields of the form that switches the width.
    pub full_fields: Vec<(String, String)>,
    /// Path of the list without search and filter.
    pub clear: String,
    /// Path of the list without the search.
    pub without_search: String,
    /// Where the search is posted to without scripts.
    pub search_action: String,
}

/// What search and filter found.
#[derive(Clone, Copy, Debug)]
pub struct Found {
    /// Number of keys on all pages.
    pub total: u64,
    /// The filter.
    pub status: Option<KeyStatus>,
}

impl Found {
    /// In words: `3 active keys match`, before the search; without a search, `3 active keys`.
    fn words(self, is_search: bool) -> String {
        let status = self
            .status
            .map(|status| format!("{} ", status.id()))
            .unwrap_or_default();
        match (self.total, is_search) {
            (1, false) => format!("1 {status}key"),
            (total, false) => format!("{} {status}keys", grouped(total)),
            (0, true) => format!("No {status}keys match"),
            (1, true) => format!("1 {status}key matches"),
            (total, true) => format!("{} {status}keys match", grouped(total)),
        }
    }
}

/// The bar above the table.
#[component]
pub fn Toolbar(
    /// The current search.
    search: String,
    /// What it found.
    found: Found,
    /// Links and forms that change the view.
    links: ListLinks,
) -> impl IntoView {
    let fields = links
        .search_fields
        .into_iter()
        .map(|(name, value)| view! { <input type="hidden" name=name value=value/> })
        .collect_view();
    let is_search = !search.is_empty();
    let says = is_search.then(|| {
        // The title of the empty state says the same.
        let class = (found.total == 0).then_some("visually-hidden");
        // The fragment gives the focus back to the field.
        let clear = format!("{}#search", links.without_search);
        view! {
            <p class="found">
                <span class=class role="status">
                    <span id=FOUND data-found>
                        {found.words(true)}" “"<bdi translate="no">{search.clone()}</bdi>"”"
                    </span>
                </span>
                " "
                <a href=clear>"Clear search"</a>
            </p>
            <SearchLimit search=search.clone()/>
        }
    });
    // The table shows what a filter found; this is for those who do not see it.
    let filtered = (!is_search && found.status.is_some() && found.total > 0).then(|| {
        view! { <p class="visually-hidden" role="status"><span data-found>{found.words(false)}</span></p> }
    });
    let described_by = is_search.then_some(FOUND);
    view! {
        <div class="toolbar">
            <form class="search" role="search" method="post" action=links.search_action>
                <SearchField label="Search" placeholder="Search..." value=search described_by/>
                {fields}
                <Button label="Search" kind=Kind::Quiet class:search-go=true/>
            </form>
            <Segments label="Status" segments=links.segments/>
            {says}
            {filtered}
        </div>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_search_found() {
        let revoked = |total| Found {
            total,
            status: Some(KeyStatus::Revoked),
        };
        assert_eq!(revoked(1).words(false), "1 revoked key");
        assert_eq!(revoked(2).words(false), "2 revoked keys");
        for (total, status, words) in [
            (0, None, "No keys match"),
            (1, None, "1 key matches"),
            (1_200, None, "1,200 keys match"),
            (1, Some(KeyStatus::Revoked), "1 revoked key matches"),
            (0, Some(KeyStatus::Active), "No active keys match"),
        ] {
            assert_eq!(Found { total, status }.words(true), words);
        }
    }
}
