//! The menu of a row: the actions on its key. It is once on the page; its script opens it beside the button of a row,
//! and writes the row's key into its form. Without scripts the button is a link to the page of the key.

use super::{
    list_view::{ListView, ViewFields},
    read_only,
    row::KeyRow,
};
use crate::{
    domain::key::Transition,
    ui::kit::{
        dom::{around, by_id, each, each_below, first, focus},
        icon::Icon,
        menu::{Menu, MenuButton, MenuItem, MenuReason},
    },
};
use leptos::{
    prelude::*,
    wasm_bindgen::JsCast as _,
    web_sys::{Element, Event, HtmlElement, KeyboardEvent},
};

/// Id of the words `Actions for`, with which the name of each menu button begins. Short, because it is in each row.
const ACTIONS_FOR: &str = "a";
/// Id of the menu.
const MENU: &str = "row-menu";
/// Id of the form of `Create another like this`.
const LIKE: &str = "create-like";

/// Name of an action in the query, and of its menu item.
const fn id(transition: Transition) -> &'static str {
    match transition {
        Transition::Rotate => "rotate",
        Transition::ChangeGrace => "grace",
        Transition::Reissue => "reissue",
        Transition::Revoke => "revoke",
        Transition::Delete => "delete",
    }
}

/// The button of a row.
#[component]
pub fn RowActions(
    /// The row.
    row: KeyRow,
    /// Id of the element with the key's name.
    name_id: String,
    /// Whether the viewer may change keys.
    may_manage: bool,
) -> impl IntoView {
    let rotated = row.was_rotated.then_some("rotated");
    let items: Vec<_> = row.allows.iter().copied().map(id).chain(rotated).collect();
    view! {
        <MenuButton
            named_by=format!("{ACTIONS_FOR} {name_id}")
            href=row.href
            items=items.join(" ")
            disabled_because=read_only(may_manage)
        />
    }
}

/// The words `Actions for` where no menu has them: members have disabled buttons and no menu.
#[component]
pub fn NoRowMenu() -> impl IntoView {
    view! { <span id=ACTIONS_FOR hidden>"Actions for"</span> }
}

/// The menu. Each item loads the page with its dialog; scripts open the dialog in place.
#[component]
pub fn RowMenu(
    /// The list that the rows are in.
    view: ListView,
) -> impl IntoView {
    let item = |transition: Transition, icon: Icon, label: &'static str, is_danger: bool| {
        let item = id(transition);
        view! { <MenuItem label icon sends=("dialog", item) item is_danger/> }
    };
    let of_menu = view.clone();
    let title = view! { <span id=ACTIONS_FOR>"Actions for"</span>" "<bdi translate="no" data-name></bdi> };
    view! {
        <Menu id=MENU.to_owned() title=title.into_any() class="menu-row">
            <form method="get" data-opens-dialog>
                <ViewFields view=of_menu/>
                <input type="hidden" name="key" data-key/>
                <div role="menu" aria-label="Actions">
                    {item(Transition::Rotate, Icon::Renew, "Rotate", false)}
                    <MenuReason label="Rotated" icon=Icon::Renew reason="This key already has a replacement." item="rotated"/>
                    {item(Transition::ChangeGrace, Icon::Clock, "Grace period", false)}
                    {item(Transition::Reissue, Icon::Key, "Reissue secret", false)}
                    <MenuItem label="Create another like this" icon=Icon::Copy sends=("like", "") form=LIKE item="like"/>
                    {item(Transition::Revoke, Icon::Lock, "Revoke", true)}
                    {item(Transition::Delete, Icon::Delete, "Delete", true)}
                </div>
            </form>
        </Menu>
        <form id=LIKE method="get" data-opens-dialog>
            <ViewFields view/>
            <input type="hidden" name="dialog" value="create"/>
        </form>
    }
}

/// Makes the links of the rows the buttons of the menu.
pub fn start() {
    each("[data-menu]", &mut |button| {
        for (name, value) in [
            ("role", "button"),
            ("aria-haspopup", "menu"),
            ("aria-expanded", "false"),
        ] {
            let _ = button.set_attribute(name, value);
        }
    });
}

fn menu() -> Option<HtmlElement> {
    document().get_element_by_id(MENU)?.dyn_into().ok()
}

/// Opens the menu at a button, with the focus on its first or its last item.
fn open(button: &Element, at_end: bool) {
    let Some(menu) = menu() else { return };
    let Some(items) = first("#row-menu [role=menu]") else {
        return;
    };
    closed();
    let has = button.get_attribute("data-menu").unwrap_or_default();
    each_below(&menu, "[data-item]", &mut |item| {
        let name = item.get_attribute("data-item").unwrap_or_default();
        let shown = name == "like" || has.split(' ').any(|has| has == name);
        let _ = item.toggle_attribute_with_force("hidden", !shown);
    });
    // The key's page ends with its id.
    let href = button.get_attribute("href").unwrap_or_default();
    let key = href.rsplit('/').next().unwrap_or_default();
    each_below(&menu, "[data-key], [data-item=like]", &mut |field| {
        let _ = field.set_attribute("value", key);
    });
    let names = button.get_attribute("aria-labelledby").unwrap_or_default();
    // The element with the key's name, which no browser translates.
    let name = names.rsplit(' ').next().and_then(by_id);
    let name = name.and_then(|name| name.text_content());
    each_below(&menu, "[data-name]", &mut |place| {
        place.set_text_content(name.as_deref());
    });
    // Its name is that of the button.
    let _ = items.remove_attribute("aria-label");
    let _ = items.set_attribute("aria-labelledby", &names);
    // The menu is anchored to the expanded button, and closing it returns the focus to where it was.
    let _ = button.set_attribute("aria-expanded", "true");
    focus(button);
    let _ = menu.show_popover();
    let items = shown(&menu);
    if let Some(item) = if at_end { items.last() } else { items.first() } {
        focus(item);
    }
}

/// No button has an open menu any more.
fn closed() {
    each("[data-menu][aria-expanded=true]", &mut |button| {
        let _ = button.set_attribute("aria-expanded", "false");
    });
}

/// The items that the menu shows, whatever else a browser extension has put between them.
fn shown(menu: &Element) -> Vec<Element> {
    let mut items = Vec::new();
    each_below(menu, "[role=menuitem]:not([hidden])", &mut |item| {
        items.push(item.clone());
    });
    items
}

/// A click on the button of a row.
pub fn click(event: &Event) {
    let Some(button) = around(event, "[data-menu]") else {
        return;
    };
    event.prevent_default();
    // The press closed the menu of this button.
    if button.has_attribute("data-closing") {
        let _ = button.remove_attribute("data-closing");
    } else {
        open(&button, false);
    }
}

/// A press on a button whose menu is open closes the menu, and must not open it again.
pub fn pointer_down(event: &Event) {
    if let Some(button) = around(event, "[data-menu]") {
        let is_open = button.get_attribute("aria-expanded").as_deref() == Some("true");
        let _ = button.toggle_attribute_with_force("data-closing", is_open);
    }
}

/// The menu was closed, in whatever way.
pub fn toggled(event: &Event) {
    let of_menu = around(event, "#row-menu");
    if of_menu.is_some_and(|menu| !menu.matches(":popover-open").unwrap_or_default()) {
        closed();
    }
}

/// Keys on the button of a row and in its menu (ARIA Authoring Practices, "Menu Button").
pub fn key_down(event: &Event) {
    let key = event.unchecked_ref::<KeyboardEvent>().key();
    if let Some(button) = around(event, "[data-menu]") {
        let _ = button.remove_attribute("data-closing");
        match key.as_str() {
            "ArrowDown" | " " => open(&button, false),
            "ArrowUp" => open(&button, true),
            _ => return,
        }
        event.prevent_default();
        return;
    }
    let Some(item) = around(event, "#row-menu [role=menuitem]") else {
        return;
    };
    let Some(menu) = menu() else { return };
    let items = shown(&menu);
    let at = items.iter().position(|other| *other == item).unwrap_or_default();
    let next = match key.as_str() {
        "ArrowDown" => items.get(at + 1).or(items.first()),
        "ArrowUp" => at
            .checked_sub(1)
            .and_then(|before| items.get(before))
            .or(items.last()),
        "Home" => items.first(),
        "End" => items.last(),
        // Closes the menu and goes on from its button.
        "Tab" => {
            let _ = menu.hide_popover();
            return;
        }
        _ => return,
    };
    if let Some(next) = next {
        event.prevent_default();
        focus(next);
    }
}
