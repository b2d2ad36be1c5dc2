//! DOM helpers for islands, which work on elements that the server rendered. They find elements by id or by a
//! `data-` attribute, never by a class: classes are for the style sheet.

use leptos::{
    ev::Event,
    prelude::{document, window},
    wasm_bindgen::{JsCast, JsValue, closure::Closure},
    web_sys::{Element, HtmlDialogElement, HtmlElement},
};

/// Calls `act` for every descendant of `root` that matches `selector`.
pub fn each_below(root: &Element, selector: &str, act: &mut dyn FnMut(&Element)) {
    let Ok(found) = root.query_selector_all(selector) else {
        return;
    };
    for n in 0..found.length() {
        if let Some(element) = found.item(n).and_then(|node| node.dyn_into::<Element>().ok()) {
            act(&element);
        }
    }
}

/// Calls `act` for every element of the page that matches `selector`.
pub fn each(selector: &str, act: &mut dyn FnMut(&Element)) {
    if let Some(root) = document().document_element() {
        each_below(&root, selector, act);
    }
}

/// The first element of the page that matches `selector`.
#[must_use]
pub fn first(selector: &str) -> Option<Element> {
    document().query_selector(selector).ok().flatten()
}

/// The element of the page with this id.
#[must_use]
pub fn by_id(id: &str) -> Option<Element> {
    document().get_element_by_id(id)
}

/// The dialog with this id.
#[must_use]
pub fn dialog(id: &str) -> Option<HtmlDialogElement> {
    by_id(id)?.dyn_into().ok()
}

/// The element on which an event happened.
#[must_use]
pub fn target(event: &Event) -> Option<Element> {
    event.target()?.dyn_into().ok()
}

/// The element itself or its closest ancestor that matches `selector`.
#[must_use]
pub fn closest(element: &Element, selector: &str) -> Option<Element> {
    element.closest(selector).ok().flatten()
}

/// The element that an event is about: its target, or what that is in, if it matches `selector`.
#[must_use]
pub fn around(event: &Event, selector: &str) -> Option<Element> {
    closest(&target(event)?, selector)
}

/// Sets an attribute to `true`, or removes it.
pub fn set(element: &Element, attribute: &str, on: bool) {
    // Cannot fail: the attribute names are valid.
    let _ = if on {
        element.set_attribute(attribute, "true")
    } else {
        element.remove_attribute(attribute)
    };
}

/// Shows or hides an element.
pub fn show(element: &Element, on: bool) {
    // Cannot fail: the attribute name is valid.
    let _ = element.toggle_attribute_with_force("hidden", !on);
}

/// Sets the text of an element; without a text the element is hidden.
pub fn write(element: &Element, text: Option<&str>) {
    element.set_text_content(text);
    show(element, text.is_some());
}

/// Moves the focus to an element.
pub fn focus(element: &Element) {
    // An element that was removed cannot take the focus; that is no error.
    let _ = element.unchecked_ref::<HtmlElement>().focus();
}

/// Shows the elements below `root` that only work with scripts.
pub fn show_scripted(root: &Element) {
    each_below(root, "[data-needs-script]", &mut |hidden| show(hidden, true));
}

/// Listens to an event on all elements of the page, before the page's own script, and also if the event does not
/// bubble.
pub fn capture<E: JsCast + 'static>(event: &str, listen: fn(&E, &Element)) {
    let listener = Closure::<dyn Fn(Event)>::new(move |event: Event| {
        if let Some(element) = target(&event) {
            listen(event.unchecked_ref(), &element);
        }
    });
    let listener: JsValue = listener.into_js_value();
    // Cannot fail: both arguments have the right type.
    let _ = window().add_event_listener_with_callback_and_bool(event, listener.unchecked_ref(), true);
}
