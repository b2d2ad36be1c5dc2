//! The dialog `View API key` as the server renders it: closed and without a key. Once a form has made one,
//! `reveal` writes it into the slots, masked at first.

use super::{
    how_to_use::Usage,
    list_view::{ListView, ViewFields},
};
use crate::ui::kit::{
    dialog::lead_id,
    notice::{Notice, Tone},
    secret::{Secret, SecretFoot},
};
use leptos::prelude::*;

/// Id of the dialog.
pub const DIALOG: &str = "view-key";
/// Id of its title.
const TITLE: &str = "view-key-title";
/// Id of the warning that the key is shown once.
const ONCE: &str = "shown-once";

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
        <dialog
            id=DIALOG
            class="dialog"
            closedby="none"
            aria-labelledby=TITLE
            aria-describedby=format!("{} {ONCE}", lead_id(TITLE))
        >
            <form class="dialog-form" method="get" action=page data-reveals>
                <ViewFields view/>
                <input type="hidden" name="created" data-slot="id"/>
                <div class="dialog-head">
                    <h2 id=TITLE data-slot="title">"View API key"</h2>
                    <p id=lead_id(TITLE)>
                        <bdi translate="no" data-slot="name"></bdi>" · "<span data-slot="about"></span><span data-slot="end"></span>
                    </p>
                </div>
                <div class="dialog-body">
                    <Notice tone=Tone::Warning attr:id=ONCE>"You can only see this key once. Store it safely."</Notice>
                    <Secret/>
                    <p class="field-hint" data-slot="notes" hidden></p>
                    <Usage/>
                </div>
                <SecretFoot/>
            </form>
        </dialog>
    }
}
