//! Navigation from islands.

use leptos::{
    prelude::window,
    wasm_bindgen::{JsCast as _, JsValue},
    web_sys::{HtmlFormElement, UrlSearchParams},
};

/// Loads a page of this server in place of the current one, so that Back does not lead here. The page is always
/// loaded anew, even where only the part after `#` differs.
pub fn replace(path: &str) {
    let location = window().location();
    let here = location
        .pathname()
        .and_then(|page| Ok(page + &location.search()?));
    if here.is_ok_and(|here| path.starts_with(&format!("{here}#"))) {
        set_address("?");
    }
    // Browsers refuse this only for addresses that cannot be parsed; these come from the server.
    let _ = location.replace(path);
}

/// Loads a page of this server as the next one.
pub fn go_to(path: &str) {
    // As above.
    let _ = window().location().assign(path);
}

/// Loads the page again.
pub fn reload() {
    let _ = window().location().reload();
}

/// Changes the address of the page without loading anything.
pub fn set_address(path: &str) {
    // By name, because the binding of the whole interface is not among those that are compiled anyway.
    let get = |from: &JsValue, name: &str| js_sys::Reflect::get(from, &JsValue::from_str(name));
    let Ok(history) = get(&window(), "history") else {
        return;
    };
    if let Ok(replace) = get(&history, "replaceState") {
        let empty = JsValue::from_str("");
        let call = replace.unchecked_ref::<js_sys::Function>();
        let _ = call.call3(&history, &JsValue::NULL, &empty, &JsValue::from_str(path));
    }
}

/// The address that a GET form leads to.
#[must_use]
pub fn address(form: &HtmlFormElement, fields: &UrlSearchParams) -> String {
    let action = form.get_attribute("action").unwrap_or_default();
    let (path, hash) = match action.split_once('#') {
        Some((path, hash)) => (path, format!("#{hash}")),
        None => (action.as_str(), String::new()),
    };
    let query = String::from(fields.to_string());
    if query.is_empty() {
        format!("{path}{hash}")
    } else {
        format!("{path}?{query}{hash}")
    }
}
