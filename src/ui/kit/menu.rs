//! Menus: a popover beside the button that opens it. The menu of accounts is directly after its button; the
//! menu of rows is once on the page, and its script is `pages::keys::menu`.

use super::icon::{Drawing, Icon};
use leptos::prelude::*;

/// A popover with menu items. On a phone it is a sheet at the bottom that starts with the title.
#[component]
pub fn Menu(
    /// Id, for the button's `popovertarget`.
    id: String,
    /// Title.
    title: AnyView,
    /// An extra class.
    #[prop(optional)]
    class: &'static str,
    /// The items.
    children: Children,
) -> impl IntoView {
    let class = if class.is_empty() {
        "menu".to_owned()
    } else {
        format!("menu {class}")
    };
    view! {
        <div id=id class=class popover>
            <p class="menu-title">{title}</p>
            {children()}
        </div>
    }
}

/// The button of a row that opens the menu of all rows: three dots. Without scripts it is a link to a page that
/// has the same actions.
#[component]
pub fn MenuButton(
    /// Ids of the elements that name it: what the menu is for.
    named_by: String,
    /// Path of the page.
    href: String,
    /// The items that the menu has for this row.
    items: String,
    /// Id of the sentence that says why it is disabled, if it is.
    disabled_because: Option<&'static str>,
) -> impl IntoView {
    const CLASS: &str = "button dots";
    if disabled_because.is_some() {
        view! {
            <button class=CLASS type="button" aria-labelledby=named_by disabled aria-describedby=disabled_because></button>
        }
        .into_any()
    } else {
        view! { <a class=CLASS href=href aria-labelledby=named_by data-menu=items></a> }.into_any()
    }
}

/// A menu item that submits a form; the form around it, if no other is named.
#[component]
pub fn MenuItem(
    /// Label.
    label: &'static str,
    /// Icon before the label.
    icon: Icon,
    /// Name and value that it adds to the form.
    sends: (&'static str, &'static str),
    /// The item's name in the list of a row's items.
    item: &'static str,
    /// Id of its form.
    #[prop(optional)]
    form: Option<&'static str>,
    /// Whether it leads to an action that cannot be undone.
    #[prop(optional)]
    is_danger: bool,
) -> impl IntoView {
    let (name, value) = sends;
    let class = if is_danger {
        "menu-item is-danger"
    } else {
        "menu-item"
    };
    view! {
        <button class=class type="submit" name=name value=value form=form role="menuitem" tabindex="-1" data-item=item>
            <Drawing icon/>
            {label}
        </button>
    }
}

/// A menu item that does nothing now, with the reason. The arrow keys reach it, so that the reason is heard.
#[component]
pub fn MenuReason(
    /// Label.
    label: &'static str,
    /// Icon before the label.
    icon: Icon,
    /// Why it does nothing.
    reason: &'static str,
    /// The item's name in the list of a row's items, and the prefix of its ids.
    item: &'static str,
) -> impl IntoView {
    let (label_id, reason_id) = (format!("{item}-label"), format!("{item}-reason"));
    let (named_by, described_by) = (label_id.clone(), reason_id.clone());
    view! {
        <div
            class="menu-item"
            role="menuitem"
            tabindex="-1"
            aria-disabled="true"
            aria-labelledby=named_by
            aria-describedby=described_by
            data-item=item
        >
            <Drawing icon/>
            <span class="menu-text">
                <span id=label_id>{label}</span>
                <small id=reason_id>{reason}</small>
            </span>
        </div>
    }
}

/// A menu item that is a link.
#[component]
pub fn MenuLink(
    /// Path of the target.
    href: &'static str,
    /// Label.
    label: &'static str,
    /// Icon before the label.
    icon: Icon,
    /// An extra class.
    class: &'static str,
) -> impl IntoView {
    view! {
        <a class=format!("menu-item {class}") href=href>
            <Drawing icon/>
            {label}
        </a>
    }
}
