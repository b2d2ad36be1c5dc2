//! The menu of a row: the actions on its key.

use super::{
    list_view::{ListView, ViewFields},
    read_only,
    row::KeyRow,
};
use crate::{
    domain::key::Transition,
    ui::kit::{
        icon::{Drawing, Icon},
        menu::{Menu, MenuButton, MenuItem},
    },
};
use leptos::prelude::*;

/// The button and the menu that it opens. Each item loads the page with its dialog.
#[component]
pub fn RowMenu(
    /// The row.
    row: KeyRow,
    /// The list that the row is in.
    view: ListView,
    /// Whether the viewer may change keys.
    may_manage: bool,
) -> impl IntoView {
    let KeyRow {
        id,
        name,
        allows,
        was_rotated,
        ..
    } = row;
    let label = format!("Actions for {name}");
    let menu = format!("menu-{id}");
    let button = view! { <MenuButton label menu=menu.clone() disabled_because=read_only(may_manage)/> };
    if !may_manage {
        return button.into_any();
    }
    let item = move |transition: Transition,
                     dialog: &'static str,
                     icon: Icon,
                     label: &'static str,
                     is_danger: bool| {
        let autofocus = allows.first() == Some(&transition);
        allows
            .contains(&transition)
            .then(|| view! { <MenuItem label icon sends=("dialog", dialog) is_danger autofocus/> })
    };
    let rotated = was_rotated.then(|| {
        view! {
            <span class="menu-item" role="menuitem" aria-disabled="true">
                <Drawing icon=Icon::Renew/>
                "Rotated"
            </span>
        }
    });
    view! {
        {button}
        <Menu id=menu title=name>
            <form method="get" role="menu" aria-label="Actions" data-opens-dialog>
                <ViewFields view/>
                <input type="hidden" name="key" value=id/>
                {item(Transition::Rotate, "rotate", Icon::Renew, "Rotate", false)}
                {rotated}
                {item(Transition::ChangeGrace, "grace", Icon::Clock, "Grace period", false)}
                {item(Transition::Reissue, "reissue", Icon::Key, "Reissue secret", false)}
                {item(Transition::Revoke, "revoke", Icon::Lock, "Revoke", true)}
                {item(Transition::Delete, "delete", Icon::Delete, "Delete", true)}
            </form>
        </Menu>
    }
    .into_any()
}
