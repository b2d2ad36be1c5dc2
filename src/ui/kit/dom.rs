//! DOM helpers for islands, which work on elements that the server rendered. They find elements by id or by a
//! `data-` attribute, never by a class: classes are for the style sheet.

use leptos::{
    prelude::document,
    wasm_bindgen::JsCast as _,
    web_sys::{Element, HtmlElement},
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

/// Sets an attribute to `true`, or removes it.
pub fn set(element: &Element, attribute: &str, on: bool) {
    // Cannot fail: the attribute names are valid.
    let _ = if on {
        element.set_attribute(attribute, "true")
    } else {
        element.remove_attribute(attribute)
    };
}

/// Sets the text of an element; without a text the element is hidden.
pub fn write(element: &Element, text: Option<&str>) {
    element.set_text_content(text);
    let _ = element.toggle_attribute_with_force("hidden", text.is_none());
}

/// Moves the focus to an element.
pub fn focus(element: &Element) {
    // An element that was removed cannot take the focus; that is no error.
    let _ = element.unchecked_ref::<HtmlElement>().focus();
}
