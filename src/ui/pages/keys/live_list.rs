//! The island of the list: the menu of the rows, the selection, tooltips and the shortcut of the search. It is listeners
//! on what the server rendered.

use super::menu;
use crate::ui::kit::{
    dom::{around, capture, each, first, focus, show},
    selection,
};
use leptos::{
    prelude::*,
    wasm_bindgen::JsCast as _,
    web_sys::{Event, HtmlInputElement, KeyboardEvent},
};

/// The island.
#[island]
pub fn LiveList() -> impl IntoView {
    if is_browser() {
        start();
    }
}

fn start() {
    each("[data-needs-script]", &mut |hidden| show(hidden, true));
    menu::start();
    capture("click", |event, _| menu::click(event));
    capture("pointerdown", |event, _| menu::pointer_down(event));
    capture("toggle", |event, _| menu::toggled(event));
    capture("keydown", |event, _| key_down(event));
    capture("change", |event, _| selection::changed(event));
    // The boxes are still checked while the event is on its way.
    capture("reset", |_: &Event, _| request_animation_frame(selection::count));
    for kind in ["pointerout", "focusout"] {
        capture(kind, |event, _| left(event));
    }
    selection::count();
    searched();
}

fn key_down(event: &Event) {
    menu::key_down(event);
    let key = event.unchecked_ref::<KeyboardEvent>();
    match key.key().as_str() {
        // Wherever the focus is, until the pointer or the focus leaves it (WCAG 2.2, 1.4.13).
        "Escape" => each("[data-tip]:is(:hover, :focus)", &mut |tip| {
            let _ = tip.set_attribute("data-dismissed", "");
        }),
        "/" if !key.ctrl_key() && !key.meta_key() && !key.alt_key() => find(event),
        _ => {}
    }
}

/// A dismissed tooltip can open again.
fn left(event: &Event) {
    if let Some(tip) = around(event, "[data-dismissed]") {
        let _ = tip.remove_attribute("data-dismissed");
    }
}

/// Moves the focus into the search, unless somebody is typing, or a dialog is open.
fn find(event: &Event) {
    if around(
        event,
        "input:not([type=checkbox], [type=radio]), textarea, select, dialog",
    )
    .is_some()
    {
        return;
    }
    if let Some(field) = first("[role=search] input[type=search]") {
        event.prevent_default();
        focus(&field);
        field.unchecked_ref::<HtmlInputElement>().select();
    }
}

/// Says what a search or a filter found: a text that was there when the page opened is not announced. It is hidden for
/// a frame and not rewritten, because a browser may have translated it.
fn searched() {
    if let Some(field) = first("#search") {
        let _ = field.set_attribute("aria-keyshortcuts", "/");
    }
    if let Some(found) = first("[data-found]") {
        show(&found, false);
        request_animation_frame(move || show(&found, true));
    }
}
