//! The script side of `View API key`: keeps the key in memory alone, writes it into the dialog, and drops it on
//! `Done` and when the page is left (docs/security.md, S34).

use super::reveal_dialog::DIALOG;
use crate::{
    api::wire::RevealedKey,
    domain::snippet::KEY,
    ui::kit::{
        copy::{tell, write_clipboard},
        dom::{by_id, closest, dialog, each, first, focus, set, show, write},
        fragment::close_all,
        go::{address, replace},
        secret::masked,
        send::fields,
    },
};
use leptos::{
    ev::KeyboardEvent,
    prelude::document,
    task::spawn_local,
    wasm_bindgen::JsCast as _,
    web_sys::{Element, HtmlFormElement, HtmlTextAreaElement},
};
use std::cell::RefCell;

const ASK: &str = "You have not copied this key yet. You will not see it again after you close this.";

/// The key on display.
struct Held {
    key: RevealedKey,
    /// Path of the page that follows, if it is not the list.
    next: Option<String>,
    /// Whether the value is shown in full.
    is_shown: bool,
    /// Whether the person has copied or seen the value.
    is_kept: bool,
    /// Whether the dialog asks for confirmation before it closes.
    is_asking: bool,
    /// Index of the selected tab.
    tab: usize,
}

impl Held {
    /// A text with the key in it, masked unless the value is shown.
    fn readable(&self, text: &str) -> String {
        let secret = self.key.secret.expose();
        if self.is_shown {
            text.replace(KEY, secret)
        } else {
            text.replace(KEY, &masked(secret))
        }
    }

    /// The selected snippet: its text and the remark on it.
    fn snippet(&self) -> (&str, &str) {
        self.key
            .snippets
            .get(self.tab)
            .map_or(("", ""), |snippet| (&snippet.text, &snippet.note))
    }
}

thread_local! {
    static HELD: RefCell<Option<Held>> = const { RefCell::new(None) };
}

/// Reads or changes the key on display, if there is one.
fn with<T>(act: impl FnOnce(&mut Held) -> T) -> Option<T> {
    HELD.with_borrow_mut(|held| held.as_mut().map(act))
}

/// Changes the state of the dialog and draws it.
fn update(act: impl FnOnce(&mut Held)) {
    if with(act).is_some() {
        draw();
    }
}

fn slot(name: &str) -> Option<Element> {
    first(&format!("#{DIALOG} [data-slot={name}]"))
}

fn action(name: &str) -> Option<Element> {
    first(&format!("#{DIALOG} [data-reveal={name}]"))
}

fn fill(name: &str, text: &str) {
    if let Some(slot) = slot(name) {
        slot.set_text_content(Some(text));
    }
}

/// Gives an element a time, which the script of the page writes in the reader's time zone, or takes it away.
fn set_time(element: &Element, at: Option<&str>) {
    element.set_text_content(None);
    // Cannot fail: the attribute name is valid.
    let _ = match at {
        Some(at) => element.set_attribute("data-local", at),
        None => element.remove_attribute("data-local"),
    };
}

/// Opens the dialog with a key. `next` is the page that follows, if it is not the list.
pub fn reveal(key: RevealedKey, next: Option<String>) {
    close_all();
    let (title, label) = key.titles();
    fill("title", title);
    fill("label", label);
    fill("name", &key.name);
    fill("about", &key.about);
    if let Some(id) = slot("id") {
        // Cannot fail: the attribute name is valid.
        let _ = id.set_attribute("value", &key.id);
    }
    if let Some(end) = slot("end") {
        set_time(&end, key.expires_at.as_deref());
    }
    copies("notes", key.notes.iter().map(String::as_str));
    if let (Some(at), Some(note), Ok(end)) = (
        &key.old_key_ends_at,
        by_id("notes-0"),
        document().create_element("span"),
    ) {
        set_time(&end, Some(at));
        let _ = note.append_child(&end);
    }
    copies("tab", key.snippets.iter().map(|snippet| snippet.label.as_str()));
    HELD.set(Some(Held {
        key,
        next,
        is_shown: false,
        is_kept: false,
        is_asking: false,
        tab: 0,
    }));
    draw();
    if let Some(dialog) = dialog(DIALOG) {
        let _ = dialog.show_modal();
    }
}

/// Makes a copy of a hidden element for each text.
fn copies<'a>(name: &str, texts: impl Iterator<Item = &'a str>) {
    each(&format!("#{DIALOG} [data-copy={name}]"), &mut Element::remove);
    let Some(model) = slot(name) else { return };
    let mut last = model.clone();
    for (n, text) in texts.enumerate() {
        let Ok(copy) = model.clone_node_with_deep(true) else {
            return;
        };
        let Ok(copy) = copy.dyn_into::<Element>() else {
            return;
        };
        write(&copy, Some(text));
        // Cannot fail: the attribute names are valid.
        let _ = copy.remove_attribute("data-slot");
        let _ = copy.set_attribute("data-copy", name);
        copy.set_id(&format!("{name}-{n}"));
        let _ = last.after_with_node_1(&copy);
        last = copy;
    }
}

/// Writes the state into the dialog.
fn draw() {
    with(|held| {
        if let Some(field) = secret_field() {
            field.set_value(&held.readable(KEY));
        }
        if let Some(toggle) = action("toggle") {
            toggle.set_text_content(Some(if held.is_shown { "Hide value" } else { "Show value" }));
        }
        let (text, note) = held.snippet();
        if let Some(code) = by_id("snippet-text") {
            code.set_text_content(Some(&held.readable(text)));
        }
        fill("note", note);
        let mut n = 0;
        each("[data-copy=tab]", &mut |tab| {
            let is_selected = n == held.tab;
            n += 1;
            // Cannot fail: the attribute names are valid.
            let _ = tab.set_attribute("aria-selected", if is_selected { "true" } else { "false" });
            let _ = tab.set_attribute("tabindex", if is_selected { "0" } else { "-1" });
            if let (true, Some(panel)) = (is_selected, slot("panel")) {
                let _ = panel.set_attribute("aria-labelledby", &tab.id());
            }
        });
        fill("ask", if held.is_asking { ASK } else { "" });
        if let Some(foot) = slot("foot") {
            set(&foot, "data-asking", held.is_asking);
        }
        for (name, on) in [
            ("stay", held.is_asking),
            ("close", held.is_asking),
            ("done", !held.is_asking),
        ] {
            if let Some(button) = action(name) {
                show(&button, on);
            }
        }
    });
}

fn secret_field() -> Option<HtmlTextAreaElement> {
    slot("secret")?.dyn_into().ok()
}

/// Handles a click in the dialog.
pub fn clicked(target: &Element) {
    if let Some(tab) = closest(target, "[data-copy=tab]") {
        return choose(index(&tab));
    }
    let Some(button) = closest(target, "[data-reveal]") else {
        return;
    };
    match button.get_attribute("data-reveal").as_deref() {
        Some("toggle") => update(|held| {
            held.is_shown = !held.is_shown;
            keep(held);
        }),
        Some("copy") => copy(button, KEY.to_owned(), true),
        Some("copy-snippet") => {
            let text = with(|held| held.snippet().0.to_owned());
            copy(button, text.unwrap_or_default(), false);
        }
        Some("stay") => stay(),
        _ => {}
    }
}

fn keep(held: &mut Held) {
    held.is_kept = true;
    held.is_asking = false;
}

/// Cancels closing; the focus returns to the secret.
fn stay() {
    update(|held| held.is_asking = false);
    if let Some(button) = action("copy") {
        focus(&button);
    }
}

/// Copies a text with the key in it. If the browser refuses to copy the key alone, the key is shown and
/// selected.
fn copy(button: Element, text: String, is_key: bool) {
    let Some(text) = with(|held| text.replace(KEY, held.key.secret.expose())) else {
        return;
    };
    spawn_local(async move {
        let is_copied = write_clipboard(&text).await;
        let sentence = if is_key {
            "Copied."
        } else {
            "Copied, including the key."
        };
        tell(&button, is_copied, sentence);
        if is_copied {
            update(keep);
        } else if is_key {
            update(|held| {
                held.is_shown = true;
                keep(held);
            });
            if let Some(field) = secret_field() {
                let _ = field.focus();
                field.select();
            }
        }
    });
}

/// Position of a tab.
fn index(tab: &Element) -> usize {
    let id = tab.id();
    let number = id.rsplit('-').next().unwrap_or_default();
    number.parse().unwrap_or_default()
}

fn choose(tab: usize) {
    update(|held| held.tab = tab);
    if let Some(status) = by_id("snippet-copied") {
        status.set_text_content(None);
    }
}

/// Escape closes the dialog like `Done`, or cancels closing. Arrow keys, Home and End select a tab.
pub fn pressed(event: &KeyboardEvent) {
    let Some((is_asking, tab, count)) = with(|held| (held.is_asking, held.tab, held.key.snippets.len()))
    else {
        return;
    };
    let key = event.key();
    if key == "Escape" {
        event.prevent_default();
        if is_asking {
            stay();
        } else {
            done();
        }
        return;
    }
    if first("[data-copy=tab]:focus").is_none() {
        return;
    }
    let next = match key.as_str() {
        "ArrowRight" => (tab + 1) % count,
        "ArrowLeft" => (tab + count - 1) % count,
        "Home" => 0,
        "End" => count - 1,
        _ => return,
    };
    event.prevent_default();
    choose(next);
    if let Some(tab) = by_id(&format!("tab-{next}")) {
        focus(&tab);
    }
}

/// Whether leaving the page would lose a key that was neither copied nor shown.
pub fn is_at_risk() -> bool {
    with(|held| !held.is_kept).unwrap_or_default()
}

/// Closes the dialog and goes on; asks first if the key would be lost.
pub fn done() {
    let is_asked = with(|held| held.is_kept || held.is_asking).unwrap_or(true);
    if !is_asked {
        update(|held| held.is_asking = true);
        if let Some(button) = action("stay") {
            focus(&button);
        }
        return;
    }
    let next = with(|held| (held.next.take(), held.key.id.clone()));
    let path = next.and_then(|(next, id)| next.or_else(|| Some(format!("{}#key-{id}", list()?))));
    forget();
    if let Some(path) = path {
        replace(&path);
    }
}

/// Address of the list with the new key highlighted.
fn list() -> Option<String> {
    let form = first(&format!("#{DIALOG} form"))?;
    let form: HtmlFormElement = form.dyn_into().ok()?;
    let fields = fields(&form).ok()?;
    Some(address(&form, &fields))
}

/// Drops the key: from memory, and from the elements it was written into.
pub fn forget() {
    if HELD.take().is_none() {
        return;
    }
    if let Some(field) = secret_field() {
        field.set_value("");
    }
    if let Some(code) = by_id("snippet-text") {
        code.set_text_content(None);
    }
    for name in ["name", "about", "note", "ask"] {
        fill(name, "");
    }
    if let Some(end) = slot("end") {
        set_time(&end, None);
    }
    copies("notes", [].into_iter());
    close_all();
}
