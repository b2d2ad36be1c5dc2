//! The dialog `View API key` as the server renders it: closed and without a key. Once a form has made one,
//! `reveal` writes it into the slots, masked at first.

use super::{
    how_to_use::Usage,
    list_view::{ListView, ViewFields},
};
use crate::ui::kit::{
    notice::{Notice, Tone},
    secret::{Secret, SecretFoot},
};
use leptos::prelude::*;

/// Id of the dialog.
pub const DIALOG: &str = "view-key";

/// The dialog. Its form leads to the list.
#[component]
pub fn ViewKey(
    /// The list.
    view: ListView,
) -> impl IntoView {
    let page = view.page.clone();
    view! {
        // Escape is handled by `reveal`: browsers close a dialog on the second Escape even if `cancel` was
        // prevented.
        <dialog id=DIALOG class="dialog" closedby="none" aria-labelledby="view-key-title">
            <form class="dialog-form" method="get" action=page data-reveals>
                <ViewFields view/>
                <input type="hidden" name="created" data-slot="id"/>
                <div class="dialog-head">
                    <h2 id="view-key-title" data-slot="title">"View API key"</h2>
                    <p><bdi data-slot="name"></bdi>" · "<span data-slot="about"></span></p>
                </div>
                <div class="dialog-body">
                    <Notice tone=Tone::Warning>"You can only see this key once. Store it safely."</Notice>
                    <Secret/>
                    <p class="field-hint" data-slot="notes" hidden></p>
                    <Usage/>
                </div>
                <SecretFoot/>
            </form>
        </dialog>
    }
}
