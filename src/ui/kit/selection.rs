//! Selecting rows of a table: a check box in each row, one for all of them, and a bar with actions on the
//! selection.

use super::{
    button::{Button, Kind},
    dom::{around, each, first, write},
};
use crate::domain::number::grouped;
use leptos::{
    prelude::*,
    wasm_bindgen::JsCast as _,
    web_sys::{Event, HtmlInputElement},
};

/// Id of the word `Select`, with which the name of each row's check box begins. Short, because it is in each row.
const SELECT: &str = "s";

/// The check box of a row. Its `form` attribute ties it to the bar's form, which can be anywhere on the page.
#[component]
pub fn SelectRow(
    /// Id of the bar.
    bar: &'static str,
    /// Value in the form.
    value: String,
    /// Id of the element that names the row.
    row_name: String,
) -> impl IntoView {
    let named_by = format!("{SELECT} {row_name}");
    view! {
        <input type="checkbox" form=bar name="keys[]" value=value aria-labelledby=named_by/>
    }
}

/// The bar, and the check box for all rows, which scripts show. CSS shows the bar while rows are selected; it is
/// before the rows, so that the keyboard reaches it first.
#[component]
pub fn SelectionBar(
    /// Its id.
    id: &'static str,
    /// Accessible name.
    label: &'static str,
    /// Name of the check box for all rows.
    all: &'static str,
    /// Hidden fields of the form.
    fields: AnyView,
    /// The actions.
    children: Children,
) -> impl IntoView {
    view! {
        <span id=SELECT hidden>"Select"</span>
        <label class="select-all" hidden data-needs-script>
            <input type="checkbox" autocomplete="off" aria-label=all data-selects-all/>
            <span>{all}</span>
        </label>
        <form id=id class="selection" method="get" aria-label=label data-opens-dialog>
            {fields}
            <span class="selection-count" role="status" data-selection-count></span>
            {children()}
            <Button label="Clear" kind=Kind::Quiet acts="reset"/>
        </form>
    }
}

/// The check boxes of the rows.
const ROWS: &str = "input[name=\"keys[]\"][type=checkbox]";

/// Calls `act` for the check box of every row.
fn rows(act: &mut dyn FnMut(&HtmlInputElement)) {
    each(ROWS, &mut |row| act(row.unchecked_ref()));
}

/// A check box changed: the one for all rows changes those of the rows.
pub fn changed(event: &Event) {
    if let Some(all) = around(event, "[data-selects-all]") {
        let on = all.unchecked_ref::<HtmlInputElement>().checked();
        rows(&mut |row| row.set_checked(on));
    } else if around(event, ROWS).is_none() {
        return;
    }
    count();
}

/// Writes the number of selected rows into the bar, and updates the check box for all rows.
pub fn count() {
    let (mut all, mut selected) = (0, 0);
    rows(&mut |row| {
        all += 1;
        selected += u64::from(row.checked());
    });
    if let Some(every) = first("[data-selects-all]") {
        let every = every.unchecked_ref::<HtmlInputElement>();
        every.set_checked(selected == all);
        every.set_indeterminate(selected > 0 && selected < all);
    }
    if let Some(place) = first("[data-selection-count]") {
        let text = match selected {
            0 => String::new(),
            selected => format!("{} selected", grouped(selected)),
        };
        write(&place, Some(&text));
    }
}
