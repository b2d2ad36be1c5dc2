//! Listeners of scripts that serve a whole page: one for each kind of event, whatever number of elements it is for.

use leptos::{
    prelude::window,
    wasm_bindgen::{JsCast as _, closure::Closure},
    web_sys::{Element, Event},
};

/// Calls `act` for every event of this kind on the page, before other listeners, for as long as the page is
/// open. Events that do not bubble are included.
pub fn listen(kind: &str, act: fn(&Event)) {
    let listener = Closure::<dyn Fn(Event)>::new(move |event: Event| act(&event)).into_js_value();
    // Cannot fail: the listener is a function.
    let _ = window().add_event_listener_with_callback_and_bool(kind, listener.unchecked_ref(), true);
}

/// The element that an event is about: its target, or what that is in, if it matches `selector`.
#[must_use]
pub fn around(event: &Event, selector: &str) -> Option<Element> {
    let target: Element = event.target()?.dyn_into().ok()?;
    target.closest(selector).ok().flatten()
}
