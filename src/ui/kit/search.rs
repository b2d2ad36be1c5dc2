//! A search field, in an element with the class `search`. Its form is posted, and the answer leads to what was found, so
//! that a key that is pasted into it does not come to stand in an address. Where scripts run, `public/page.js` cuts the
//! key and sends the form as a GET.

use super::icon::{Drawing, Icon};
use crate::ui::document::site;
use leptos::prelude::*;

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
            maxlength="100"
            autocomplete="off"
            spellcheck="false"
            data-cuts=site().key_prefix
            aria-describedby=described_by
        />
    }
}
