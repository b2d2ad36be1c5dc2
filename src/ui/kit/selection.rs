//! Selecting rows of a table, and a bar with actions on the selection.

use super::button::{Button, Kind};
use leptos::prelude::*;

/// The check box of a row. Its `form` attribute ties it to the bar's form, which can be anywhere on the page.
#[component]
pub fn SelectRow(
    /// Id of the bar.
    bar: &'static str,
    /// Value in the form.
    value: String,
    /// Accessible name.
    label: String,
) -> impl IntoView {
    view! {
        <label class="row-select">
            <input type="checkbox" form=bar name="keys[]" value=value aria-label=label/>
        </label>
    }
}

/// The bar. CSS shows it while rows are selected, and counts them.
#[component]
pub fn SelectionBar(
    /// Its id.
    id: &'static str,
    /// Accessible name.
    label: &'static str,
    /// Hidden fields of the form.
    fields: AnyView,
    /// The actions.
    children: Children,
) -> impl IntoView {
    view! {
        <form id=id class="selection" method="get" aria-label=label data-opens-dialog>
            {fields}
            <span class="selection-count"></span>
            {children()}
            <Button label="Clear" kind=Kind::Quiet acts="reset"/>
        </form>
    }
}
