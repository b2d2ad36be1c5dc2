//! Menus: a popover directly after the button that opens it, which is its anchor.

use super::icon::{Drawing, Icon};
use leptos::prelude::*;

/// A popover with menu items. On a phone it is a sheet at the bottom that starts with the title.
#[component]
pub fn Menu(
    /// Id, for the button's `popovertarget`.
    id: String,
    /// Title.
    title: String,
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
            <p class="menu-title"><bdi>{title}</bdi></p>
            {children()}
        </div>
    }
}

/// The menu button of a row: three dots. It opens nothing while it is disabled.
#[component]
pub fn MenuButton(
    /// Accessible name: what the menu is for.
    label: String,
    /// Id of the menu.
    menu: String,
    /// Id of the sentence that says why it is disabled, if it is.
    disabled_because: Option<&'static str>,
) -> impl IntoView {
    let opens = disabled_because.is_none();
    view! {
        <button
            class="button quiet icon-only"
            type="button"
            popovertarget=opens.then_some(menu)
            aria-label=label
            aria-haspopup=opens.then_some("menu")
            disabled=!opens
            aria-describedby=disabled_because
        >
            <Drawing icon=Icon::More/>
        </button>
    }
}

/// A menu item that submits the form around it.
#[component]
pub fn MenuItem(
    /// Label.
    label: &'static str,
    /// Icon before the label.
    icon: Icon,
    /// Name and value that it adds to the form.
    sends: (&'static str, &'static str),
    /// Whether it leads to an action that cannot be undone.
    is_danger: bool,
    /// Whether it has the focus when the menu opens.
    autofocus: bool,
) -> impl IntoView {
    let (name, value) = sends;
    let class = if is_danger {
        "menu-item is-danger"
    } else {
        "menu-item"
    };
    view! {
        <button class=class type="submit" name=name value=value role="menuitem" autofocus=autofocus>
            <Drawing icon/>
            {label}
        </button>
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
