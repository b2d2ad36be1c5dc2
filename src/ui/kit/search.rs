//! A field to search with, in a form or a part of one that has the class `search`.

use super::icon::{Drawing, Icon};
use leptos::prelude::*;

/// The field; one on a page.
#[component]
pub fn SearchField(
    /// What is searched.
    label: &'static str,
    /// What can be typed.
    placeholder: &'static str,
    /// What was searched for.
    value: String,
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
        />
    }
}
