//! The script side of the field `IP allowlist (optional)`: how the server parses it, shown below the field.

use super::create::{ALLOWLIST, READING};
use crate::{
    api::{keys::ReadAllowlist, wire::AllowlistReading},
    domain::network,
    ui::kit::{
        dom::{by_id, set, show, write},
        send::call,
    },
};
use leptos::{
    prelude::document,
    task::spawn_local,
    wasm_bindgen::{JsCast as _, JsValue},
    web_sys::{Element, HtmlTextAreaElement, UrlSearchParams},
};

fn allowlist() -> Option<HtmlTextAreaElement> {
    by_id(ALLOWLIST)?.dyn_into().ok()
}

/// Appends an address to the field unless it is already there.
pub fn add_entry(address: &str) {
    let Some(field) = allowlist() else { return };
    let typed = field.value();
    let typed = typed.trim().trim_end_matches([',', ';']);
    if !network::entries(typed).any(|entry| entry == address) {
        let joined = if typed.is_empty() {
            address.to_owned()
        } else {
            format!("{typed}, {address}")
        };
        field.set_value(&joined);
    }
    let _ = field.focus();
    read_allowlist();
}

/// Asks the server how it parses the allowlist, and shows the result below the field.
pub fn read_allowlist() {
    let (Some(field), Some(list)) = (allowlist(), by_id(READING)) else {
        return;
    };
    spawn_local(async move {
        let typed = field.value();
        let read = match question(&field, &typed) {
            Ok(fields) if !typed.trim().is_empty() => call::<ReadAllowlist>(&fields).await,
            _ => Ok(AllowlistReading::default()),
        };
        // Stale: the field has changed since the request.
        if field.value() != typed {
            return;
        }
        match read {
            Ok(reading) => {
                show_error(&field, None);
                show_reading(&list, &reading);
            }
            Err(error) => {
                show_error(&field, error.fields.get(ALLOWLIST));
                show_reading(&list, &AllowlistReading::default());
            }
        }
    });
}

fn question(field: &HtmlTextAreaElement, typed: &str) -> Result<UrlSearchParams, JsValue> {
    let fields = UrlSearchParams::new()?;
    let form = field.form().ok_or(JsValue::NULL)?;
    if let Some(account) = form.query_selector("input[name=account]")? {
        fields.append("account", &account.get_attribute("value").unwrap_or_default());
    }
    fields.append(ALLOWLIST, typed);
    Ok(fields)
}

fn show_error(field: &HtmlTextAreaElement, wrong: Option<&str>) {
    let Some(place) = by_id("allowlist-error") else {
        return;
    };
    write(&place, wrong);
    set(field, "aria-invalid", wrong.is_some());
}

fn show_reading(list: &Element, reading: &AllowlistReading) {
    list.set_text_content(None);
    for sentence in reading.sentences() {
        if let Ok(item) = document().create_element("li") {
            item.set_text_content(Some(sentence));
            let _ = list.append_child(&item);
        }
    }
    show(list, !reading.lines.is_empty());
}
