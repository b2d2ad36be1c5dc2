//! Dialogs that open in place: scripts ask the server for the dialog alone, insert it into the open page and
//! show it. Opening and closing it is no step in the browser's history.
//!
//! `[data-dialogs]` is the element that holds the dialogs of a page. Its value is the path of the page that has
//! the dialogs; below it, `/dialog` serves them as fragments.

use super::{
    dom::{by_id, closest, dialog, each, each_below, first, focus, show_scripted, write},
    go::{self, go_to, set_address},
    send::{Answer, ask, fields, is_busy, reset, wait},
};
use crate::domain::paths;
use leptos::{
    prelude::document,
    task::spawn_local,
    wasm_bindgen::{JsCast as _, UnwrapThrowExt as _},
    web_sys::{Element, HtmlDialogElement, HtmlElement, HtmlFormElement, SubmitEvent},
};
use std::cell::Cell;

/// Id of the dialog that says that a dialog could not be loaded.
pub const NO_ANSWER: &str = "no-answer";
/// Id of its sentence.
const NO_ANSWER_LEAD: &str = "no-answer-title-lead";
/// What it says if no answer came.
pub const UNREACHED: &str = "Nothing was changed. Check your connection, then try again.";
/// What it says if the server is busy or has a problem.
const REFUSED: &str = "Nothing was changed. The server is busy or has a problem. Try again in a few seconds.";

/// How long the browser waits for a dialog, in milliseconds: longer than the server takes at most.
const LIMIT: i32 = 10_000;

thread_local! {
    /// Whether a dialog is on its way.
    static IS_OPENING: Cell<bool> = const { Cell::new(false) };
}

/// Opens the dialog that a submitted GET form leads to; its fields and its button say which.
pub fn open_from(form: &HtmlFormElement, event: &SubmitEvent) {
    let Ok(fields) = fields(form) else { return };
    let button = event.submitter();
    if let Some(name) = button.as_ref().and_then(|button| button.get_attribute("name")) {
        let value = button.as_ref().and_then(|button| button.get_attribute("value"));
        fields.append(&name, &value.unwrap_or_default());
    }
    open(fields.to_string().into(), button.as_deref().cloned());
}

/// Opens the dialog with this query. `opener` shows that it is on its way, and gets the focus back once it is
/// closed.
pub fn open(query: String, opener: Option<Element>) {
    let Some(page) = container().and_then(|holder| holder.get_attribute("data-dialogs")) else {
        return;
    };
    if IS_OPENING.replace(true) {
        return;
    }
    let opener = opener.map(leave_menu);
    let busy = move |opener: &Option<Element>, busy| {
        if let Some(opener) = opener {
            wait(opener, busy);
        }
    };
    busy(&opener, true);
    spawn_local(async move {
        let answer = ask(&format!("{}?{query}", paths::dialog_below(&page)), None, LIMIT).await;
        IS_OPENING.set(false);
        busy(&opener, false);
        match answer {
            Ok(Answer { body, .. }) if body.starts_with("<dialog") => insert(&body, opener.as_ref()),
            // Not a dialog: the page says what it is about, for example that the session has ended.
            Ok(Answer { status: 200..429, .. }) => go_to(&format!("{page}?{query}")),
            answer => {
                if let Some(dialog) = dialog(NO_ANSWER) {
                    if let Some(lead) = by_id(NO_ANSWER_LEAD) {
                        write(&lead, Some(if answer.is_ok() { REFUSED } else { UNREACHED }));
                    }
                    show(&dialog, opener.as_ref());
                }
            }
        }
    });
}

fn container() -> Option<Element> {
    first("[data-dialogs]")
}

/// Closes the menu that the button is in. Returns the element that has the focus then: the button that opened
/// the menu.
fn leave_menu(button: Element) -> Element {
    let Some(menu) = closest(&button, "[popover]") else {
        return button;
    };
    // Fails if the menu is closed already, which is fine.
    let _ = menu.unchecked_ref::<HtmlElement>().hide_popover();
    document().active_element().unwrap_or(button)
}

fn insert(html: &str, opener: Option<&Element>) {
    let Some(holder) = container() else { return };
    close_all();
    if holder.insert_adjacent_html("beforeend", html).is_err() {
        return;
    }
    let Some(new) = holder.last_element_child() else {
        return;
    };
    // A dialog with the same id was there before.
    if let Some(old) = by_id(&new.id()).filter(|old| *old != new) {
        old.remove();
    }
    let _ = new.set_attribute("data-fetched", "");
    show_scripted(&new);
    if let Ok(new) = new.dyn_into::<HtmlDialogElement>() {
        show(&new, opener);
    }
}

/// Opens a dialog of the page. Closing it returns the focus to `opener`.
pub fn show(dialog: &HtmlDialogElement, opener: Option<&Element>) {
    if let Some(opener) = opener {
        focus(opener);
    }
    let _ = dialog.remove_attribute("data-settled");
    let _ = dialog.show_modal();
}

/// Closes every open dialog, because the page goes on or another dialog takes its place.
pub fn close_all() {
    each("[data-dialogs] dialog[open]", &mut |dialog| {
        let _ = dialog.set_attribute("data-settled", "");
        dialog.unchecked_ref::<HtmlDialogElement>().close();
    });
    each("[data-dialogs] dialog[data-fetched]", &mut Element::remove);
}

/// Closes the dialog for `Cancel`, unless its form is being sent.
pub fn cancel(id: &str) {
    if let Some(dialog) = dialog(id).filter(|dialog| !is_busy(dialog)) {
        dialog.close();
    }
}

/// After a dialog was closed by `Cancel` or Escape: drops what was typed. A dialog that was opened on another
/// page leads back there, and so does one whose list is out of date, without a step in the history.
pub fn closed(dialog: &Element) {
    if dialog.has_attribute("data-settled") || closest(dialog, "[data-dialogs]").is_none() {
        return;
    }
    let leaves = dialog.query_selector("form[data-leaves]").ok().flatten();
    if let Some(form) = leaves {
        let form = form.unchecked_ref::<HtmlFormElement>();
        if let Ok(fields) = fields(form) {
            go::replace(&go::address(form, &fields));
        }
        return;
    }
    if first("[data-dialogs][data-reloads]").is_some() {
        return go::reload();
    }
    if dialog.has_attribute("data-fetched") {
        return dialog.remove();
    }
    reset(dialog);
}

/// Turns a dialog that the server rendered open into a modal one, removes `inert`, and shows elements that
/// only work with scripts. The address becomes that of the list, so that a reload does not open it again.
pub fn take_over() {
    let Some(holder) = container() else { return };
    each_below(&holder, "dialog[open]", &mut |dialog| {
        each("[inert]", &mut |frame| {
            let _ = frame.remove_attribute("inert");
        });
        let row = dialog.get_attribute("data-row");
        let row = row.and_then(|id| first(&format!("[id={id}] [data-menu]")));
        let opener = row
            .or_else(|| first(&format!("[data-opens={}] button", dialog.id())))
            .or_else(|| {
                let key = dialog.query_selector("[name=key], [name=\"keys[]\"]").ok()??;
                by_id(&format!("key-{}", key.get_attribute("value")?))
            });
        let modal = dialog.unchecked_ref::<HtmlDialogElement>();
        let _ = modal.remove_attribute("open");
        show(modal, opener.as_ref());
        if let Some(address) = holder.get_attribute("data-address") {
            set_address(&address);
        }
    });
    let root = document().document_element().expect_throw("a document");
    show_scripted(&root);
}
