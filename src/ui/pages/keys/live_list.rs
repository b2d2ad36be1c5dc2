//! The island of the list: the menu of the rows, the selection and tooltips. It is listeners on what the server
//! rendered.

use super::menu;
use crate::ui::kit::{
    dom::{around, capture, each, show},
    selection,
};
use leptos::{
    prelude::*,
    wasm_bindgen::JsCast as _,
    web_sys::{Event, KeyboardEvent},
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
}

fn key_down(event: &Event) {
    menu::key_down(event);
    // Wherever the focus is, until the pointer or the focus leaves it (WCAG 2.2, 1.4.13).
    if event.unchecked_ref::<KeyboardEvent>().key() == "Escape" {
        each("[data-tip]:is(:hover, :focus)", &mut |tip| {
            let _ = tip.set_attribute("data-dismissed", "");
        });
    }
}

/// A dismissed tooltip can open again.
fn left(event: &Event) {
    if let Some(tip) = around(event, "[data-dismissed]") {
        let _ = tip.remove_attribute("data-dismissed");
    }
}
