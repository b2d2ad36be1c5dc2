//! The island around the dialogs of the page: opens them in place, sends their forms, and shows `View API
//! key`.

use super::{
    create::{ALLOWLIST, READING},
    list_view::ListView,
    reveal_dialog::ViewKey,
};
use crate::{
    api::{
        keys::{CreateKey, ReadAllowlist, ReissueSecret, RotateKey},
        wire::{AllowlistReading, RevealedKey},
    },
    ui::kit::{
        dom::{each, first, focus, set, write},
        send::{call, navigate, send, set_busy},
    },
};
use leptos::{
    ev,
    prelude::*,
    task::spawn_local,
    wasm_bindgen::{JsCast as _, JsValue},
    web_sys::{Element, Event, HtmlDialogElement, HtmlFormElement, HtmlTextAreaElement, UrlSearchParams},
};

/// The island: the dialogs that the server rendered, and `View API key`.
#[island]
pub fn KeyDialogs(
    /// The list behind them.
    view: ListView,
    /// The dialogs.
    children: Children,
) -> impl IntoView {
    let revealed = RwSignal::new(None::<RevealedKey>);
    Effect::new(|| request_animation_frame(take_over));

    // On the window, because the buttons that open dialogs are outside of this island.
    window_event_listener(ev::submit, |event| {
        let form = event
            .target()
            .and_then(|target| target.dyn_into::<Element>().ok());
        let opens = form.and_then(|form| form.get_attribute("data-opens"));
        if let Some(dialog) = opens.and_then(|id| dialog(&id)) {
            event.prevent_default();
            let _ = dialog.show_modal();
        }
    });
    // A secret is shown on this page; every other result navigates.
    let reveal = move |key: RevealedKey| {
        each("[data-dialogs] dialog", &mut |dialog| {
            set_busy(dialog, false);
            dialog.unchecked_ref::<HtmlDialogElement>().close();
        });
        revealed.set(Some(key));
    };
    let submit = move |event: ev::SubmitEvent| {
        let reveals = send::<CreateKey>(&event, reveal)
            || send::<ReissueSecret>(&event, reveal)
            || send::<RotateKey>(&event, reveal);
        if !reveals {
            navigate(&event);
        }
    };
    let click = |event: ev::MouseEvent| {
        let Some(target) = element(&event) else { return };
        if let Some(id) = target.get_attribute("data-closes") {
            if let Some(dialog) = dialog(&id) {
                event.prevent_default();
                dialog.close();
            }
        } else if let Some(address) = target.get_attribute("data-adds") {
            add_entry(&address);
        }
    };
    let change = |event: Event| {
        if element(&event).is_some_and(|field| field.id() == ALLOWLIST) {
            read_allowlist();
        }
    };
    // Escape does the same as `Cancel`.
    let cancel = |event: Event| {
        let form =
            element(&event).and_then(|open| document().get_element_by_id(&format!("close-{}", open.id())));
        if let Some(form) = form.filter(|form| !form.has_attribute("data-stays")) {
            event.prevent_default();
            let _ = form.unchecked_ref::<HtmlFormElement>().submit();
        }
    };
    view! {
        // Captured, because the event `cancel` does not bubble.
        <div
            class="live"
            data-dialogs
            on:submit=submit
            on:click=click
            on:change=change
            on:cancel:capture=cancel
        >
            {children()}
        </div>
        <ViewKey revealed list=view/>
    }
}

fn element(event: &Event) -> Option<Element> {
    event.target()?.dyn_into().ok()
}

fn dialog(id: &str) -> Option<HtmlDialogElement> {
    document().get_element_by_id(id)?.dyn_into().ok()
}

/// Turns a dialog that the server rendered open into a modal one, removes `inert`, and shows elements that
/// only work with scripts.
fn take_over() {
    each("[data-dialogs] dialog[open]", &mut |dialog| {
        each("[inert]", &mut |frame| {
            let _ = frame.remove_attribute("inert");
        });
        let modal = dialog.unchecked_ref::<HtmlDialogElement>();
        modal.close();
        // Closing a modal dialog returns the focus to the element that had it before.
        if let Some(opener) = first(&format!("[data-opens={}] button", dialog.id())) {
            focus(&opener);
        }
        let _ = modal.show_modal();
    });
    each("[data-needs-script]", &mut |hidden| {
        let _ = hidden.remove_attribute("hidden");
    });
}

fn allowlist() -> Option<HtmlTextAreaElement> {
    document().get_element_by_id(ALLOWLIST)?.dyn_into().ok()
}

/// Appends an address to the field unless it is already there.
fn add_entry(address: &str) {
    let Some(field) = allowlist() else { return };
    let typed = field.value();
    let typed = typed.trim().trim_end_matches(',');
    if !typed.split([',', '\n']).any(|entry| entry.trim() == address) {
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
fn read_allowlist() {
    let (Some(field), Some(list)) = (allowlist(), document().get_element_by_id(READING)) else {
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
    let Some(place) = document().get_element_by_id("allowlist-error") else {
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
    let empty = reading.lines.is_empty();
    let _ = list.toggle_attribute_with_force("hidden", empty);
}
