//! The menu of a row: what can be done with its key, by those who may.

use super::{
    READ_ONLY,
    list_view::{ListView, ViewFields},
    table::KeyRow,
};
use crate::{
    domain::key::Transition,
    ui::kit::icon::{Drawing, Icon},
};
use leptos::prelude::*;

/// The button and the menu that it opens. Each item asks for the page with its dialog.
#[component]
pub fn RowMenu(
    /// The row.
    row: KeyRow,
    /// The list that the row is in.
    view: ListView,
    /// Whether the viewer may do any of it.
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
    if !may_manage {
        return view! {
            <button class="button quiet icon-only" type="button" disabled aria-label=label aria-describedby=READ_ONLY>
                <Drawing icon=Icon::More/>
            </button>
        }
        .into_any();
    }
    let menu = format!("menu-{id}");
    let item = |transition: Transition,
                dialog: &'static str,
                icon: Icon,
                label: &'static str,
                class: &'static str| {
        let first = allows.first() == Some(&transition);
        allows.contains(&transition).then(|| {
            view! {
                <button class=class type="submit" name="dialog" value=dialog role="menuitem" autofocus=first>
                    <Drawing icon/>
                    {label}
                </button>
            }
        })
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
        <button
            class="button quiet icon-only"
            type="button"
            popovertarget=menu.clone()
            aria-label=label
            aria-haspopup="menu"
        >
            <Drawing icon=Icon::More/>
        </button>
        <div id=menu class="menu" popover>
            <p class="menu-title"><bdi>{name}</bdi></p>
            <form method="get" role="menu" aria-label="Actions">
                <ViewFields view/>
                <input type="hidden" name="key" value=id/>
                {item(Transition::Rotate, "rotate", Icon::Renew, "Rotate", "menu-item")}
                {rotated}
                {item(Transition::ChangeGrace, "grace", Icon::Clock, "Grace period", "menu-item")}
                {item(Transition::Reissue, "reissue", Icon::Key, "Reissue secret", "menu-item")}
                {item(Transition::Revoke, "revoke", Icon::Lock, "Revoke", "menu-item is-danger")}
                {item(Transition::Delete, "delete", Icon::Delete, "Delete", "menu-item is-danger")}
            </form>
        </div>
    }
    .into_any()
}
