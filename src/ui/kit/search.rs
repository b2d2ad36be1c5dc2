//! A search field, in an element with the class `search`.

use super::icon::{Drawing, Icon};
use crate::domain::search::LONGEST;
use leptos::prelude::*;

/// Says that a long search was cut. The field does not limit it, because browsers cut what is pasted without a word.
#[component]
pub fn SearchLimit(
    /// The current search.
    search: String,
) -> impl IntoView {
    (search.chars().count() >= LONGEST).then(|| {
        view! { <p class="search-limit">{format!("Only the first {LONGEST} characters are searched.")}</p> }
    })
}

/// The field; at most one on a page.
#[component]
pub fn SearchField(
    /// Accessible name: what is searched.
    label: &'static str,
    /// Placeholder.
    placeholder: &'static str,
    /// The current search.
    value: String,
    /// Id of the sentence that says what was found.
    #[prop(default = None)]
    described_by: Option<&'static str>,
) -> impl IntoView {
    view! {
        <Drawing icon=Icon::Search/>
        <label class="visually-hidden" for="search">{label}</label>
        <input
            id="search"
            type="search"
            name="search"
            value=value
            placeholder=placeholder
            autocomplete="off"
            spellcheck="false"
            aria-describedby=described_by
        />
    }
}
