//! A search field, in an element with the class `search`. Its form is posted, and the answer leads to what was found, so
//! that a key that is pasted into it does not come to stand in an address. Where scripts run, `public/page.js` cuts the
//! key and sends the form as a GET.

use super::icon::{Drawing, Icon};
use crate::{domain::search::LONGEST, ui::document::site};
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
            dir="auto"
            type="search"
            name="search"
            value=value
            placeholder=placeholder
            autocomplete="off"
            spellcheck="false"
            data-cuts=site().key_prefix
            aria-describedby=described_by
        />
    }
}
