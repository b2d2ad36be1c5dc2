//! Components of the account menu: the tile with initials, the button with the current account's name, the
//! items.

use super::icon::{Drawing, Icon};
use leptos::prelude::*;

/// Initials: one or two letters of a name.
fn initials(name: &str) -> String {
    let mut words = name.split_whitespace();
    let first = words.next().and_then(|word| word.chars().next());
    let last = words.next_back().and_then(|word| word.chars().next());
    first
        .into_iter()
        .chain(last)
        .flat_map(char::to_uppercase)
        .collect()
}

/// A tile with the initials. Hidden from screen readers, because the full name is beside it.
#[component]
pub fn Tile(
    /// The name.
    name: String,
    /// Whether the name is a person's. Teams have a tile of another shape.
    #[prop(optional)]
    is_person: bool,
) -> impl IntoView {
    let class = if is_person { "tile tile-round" } else { "tile" };
    view! { <span class=class aria-hidden="true">{initials(&name)}</span> }
}

/// The button that opens the menu of accounts.
#[component]
pub fn AccountButton(
    /// Name of the current account.
    name: String,
    /// The viewer's role in it, in words.
    about: String,
    /// Id of the menu.
    menu: &'static str,
) -> impl IntoView {
    view! {
        <button
            class="account"
            type="button"
            popovertarget=menu
        >
            <Tile name=name.clone()/>
            <span class="account-text">
                <b><bdi translate="no">{name.clone()}</bdi></b>
                <small>{about}</small>
            </span>
            <Drawing icon=Icon::Choose/>
        </button>
    }
}

/// An account in the menu.
#[component]
pub fn AccountItem(
    /// Its name.
    name: String,
    /// The viewer's role in it, in words.
    about: String,
    /// Path of its page.
    href: String,
    /// Whether it is the account of this page.
    is_current: bool,
) -> impl IntoView {
    view! {
        <a class="menu-item" href=href aria-current=is_current.then_some("true")>
            <Tile name=name.clone()/>
            <span class="menu-text">
                <bdi translate="no">{name.clone()}</bdi>
                <small>{about}</small>
            </span>
            {is_current.then(|| view! { <Drawing icon=Icon::Check/> })}
        </a>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn initials_of_names() {
        for (name, expected) in [
            ("Ada Moss", "AM"),
            ("ada", "A"),
            ("Ada B. Moss", "AM"),
            ("李 雷", "李雷"),
            ("", ""),
        ] {
            assert_eq!(initials(name), expected);
        }
    }
}
