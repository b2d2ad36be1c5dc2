//! Menus: a popover, and right before it the button that opens it, which is its anchor.

use super::icon::{Drawing, Icon};
use leptos::prelude::*;

/// What the button opens. On a phone it is a sheet from below, which begins with its title.
#[component]
pub fn Menu(
    /// Id, for the button's `popovertarget`.
    id: String,
    /// What it is about.
    title: String,
    /// An extra class.
    #[prop(optional)]
    class: &'static str,
    /// What can be chosen.
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

/// The button of a row: three dots, named after what they open. Nothing opens while it is disabled.
#[component]
pub fn MenuButton(
    /// What can be chosen, and for what.
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

/// A choice that goes with the form around it.
#[component]
pub fn MenuItem(
    /// What it does.
    label: &'static str,
    /// A drawing before the words.
    icon: Icon,
    /// A name and a value that go with the form.
    sends: (&'static str, &'static str),
    /// Whether it leads to something that cannot be taken back.
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

/// A choice that leads to another page.
#[component]
pub fn MenuLink(
    /// Where it leads.
    href: &'static str,
    /// What is there.
    label: &'static str,
    /// A drawing before the words.
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
