//! The dialogs of the pages `API keys` and of a key, and the island that opens them in place and sends their
//! forms. It has no state of its own and no view: its handlers work on elements that the server rendered.

use super::{
    create::ALLOWLIST,
    ended::NoAnswer,
    list_view::ListView,
    reading::{add_entry, read_allowlist},
    reveal::{self, reveal},
    reveal_dialog::ViewKey,
};
use crate::{
    api::{
        keys::{CreateKey, ReissueSecret, RotateKey},
        wire::RevealedKey,
    },
    ui::kit::{
        copy::copy_clicked,
        dom::{capture, closest, dialog, each, first, target},
        fragment,
        go::{address, reload, replace},
        send::{fields, navigate, send},
    },
};
use leptos::{
    ev::{self, SubmitEvent},
    prelude::*,
    wasm_bindgen::JsCast as _,
    web_sys::{Element, Event, HtmlAnchorElement, HtmlFormElement},
};

/// The dialogs: those that the server rendered, `View API key`, and those that scripts insert.
#[component]
pub fn Dialogs(
    /// The list behind them, or the list that the page belongs to.
    view: ListView,
    /// The dialogs that the page has from the start.
    children: Children,
) -> impl IntoView {
    let (page, address) = (view.page.clone(), view.href.clone());
    view! {
        <div class="live" data-dialogs=page data-address=address>
            {children()}
            <ViewKey view/>
            <NoAnswer/>
        </div>
        <KeyDialogs/>
    }
}

/// The island.
#[island]
pub fn KeyDialogs() -> impl IntoView {
    if is_browser() {
        fragment::take_over();
        capture("close", |_: &Event, dialog| fragment::closed(dialog));
        // Before the script of every page, which marks the buttons of forms that load a page.
        capture("submit", |event, form| {
            if let Some(form) = form.dyn_ref() {
                submit(event, form);
            }
        });
    }
    window_event_listener(ev::click, |event| {
        if let Some(target) = target(&event) {
            click(&event, &target);
        }
    });
    window_event_listener(ev::change, |event| {
        if target(&event).is_some_and(|field| field.id() == ALLOWLIST) {
            read_allowlist();
        }
    });
    window_event_listener(ev::keydown, |event| {
        reveal::pressed(&event);
        // Also in browsers that do not know `closedby`.
        if event.key() == "Escape" && first("dialog[closedby=none]:modal").is_some() {
            event.prevent_default();
        }
    });
    window_event_listener(ev::beforeunload, |event| {
        if reveal::is_at_risk() {
            event.prevent_default();
        }
    });
    // A page in the back/forward cache keeps neither a secret nor an open dialog.
    window_event_listener(ev::pagehide, |_| {
        reveal::forget();
        each("[data-secret]", &mut |text| text.set_text_content(None));
        fragment::close_all();
    });
    // Its list may be out of date.
    window_event_listener(ev::pageshow, |event| {
        if event.persisted() {
            match first("[data-forgets]").and_then(|kept| kept.get_attribute("data-forgets")) {
                Some(path) => replace(&path),
                None => reload(),
            }
        }
    });
}

fn submit(event: &SubmitEvent, form: &HtmlFormElement) {
    if form.has_attribute("data-opens-dialog") {
        event.prevent_default();
        fragment::open_from(form, event);
    } else if let Some(id) = form.get_attribute("data-opens") {
        event.prevent_default();
        let opener = event.submitter();
        match dialog(&id) {
            Some(dialog) => fragment::show(&dialog, opener.as_deref().map(AsRef::as_ref)),
            None => fragment::open_from(form, event),
        }
    } else if form.has_attribute("data-reveals") {
        event.prevent_default();
        reveal::done();
    } else if form.has_attribute("data-replaces") {
        event.prevent_default();
        if let Ok(fields) = fields(form) {
            replace(&address(form, &fields));
        }
    } else {
        // A secret is shown on this page; every other result navigates.
        let shown = |form: &HtmlFormElement, key: RevealedKey| reveal(key, form.get_attribute("data-next"));
        let reveals = send::<CreateKey>(event, form, shown)
            || send::<ReissueSecret>(event, form, shown)
            || send::<RotateKey>(event, form, shown);
        if !reveals {
            navigate(event, form);
        }
    }
}

fn click(event: &ev::MouseEvent, target: &Element) {
    if let Some(link) = closest(target, "a[data-opens-dialog]") {
        event.prevent_default();
        let query = link.unchecked_ref::<HtmlAnchorElement>().search();
        fragment::open(query.trim_start_matches('?').to_owned(), Some(link));
    } else if let Some(button) = closest(target, "[data-closes]") {
        event.prevent_default();
        fragment::cancel(&button.get_attribute("data-closes").unwrap_or_default());
    } else if let Some(button) = closest(target, "[data-adds]") {
        add_entry(&button.get_attribute("data-adds").unwrap_or_default());
    } else {
        reveal::clicked(target);
        copy_clicked(target);
    }
}
