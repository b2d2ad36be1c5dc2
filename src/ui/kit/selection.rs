//! Rows that are ticked, and what can be done with all of them.

use super::button::{Button, Kind};
use leptos::prelude::*;

/// The box of a row; it belongs to the form of the bar, wherever it stands.
#[component]
pub fn SelectRow(
    /// Id of the bar.
    bar: &'static str,
    /// What goes with the form for it.
    value: String,
    /// What is selected.
    label: String,
) -> impl IntoView {
    view! {
        <label class="row-select">
            <input type="checkbox" form=bar name="keys[]" value=value aria-label=label/>
        </label>
    }
}

/// The bar. Styles show it while rows are ticked, and count them.
#[component]
pub fn SelectionBar(
    /// Its id.
    id: &'static str,
    /// What is selected.
    label: &'static str,
    /// Fields that go with the form.
    fields: AnyView,
    /// What can be done.
    children: Children,
) -> impl IntoView {
    view! {
        <form id=id class="selection" method="get" aria-label=label>
            {fields}
            <span class="selection-count"></span>
            {children()}
            <Button label="Clear" kind=Kind::Quiet acts="reset"/>
        </form>
    }
}
