//! Dialogs without a form: the action is no longer possible, or the dialog could not be loaded.

use super::list_view::{ListView, ViewFields};
use crate::ui::kit::{
    button::{Button, Kind},
    dialog::{Dialog, DialogFoot, DialogHead, lead_id},
    fragment::{NO_ANSWER, UNREACHED},
};
use leptos::prelude::*;

/// Why an action is no longer possible.
#[derive(Clone, Debug)]
pub struct EndedData {
    /// The action.
    pub title: &'static str,
    /// What happened to the key.
    pub sentence: &'static str,
    /// Path of the key's page, if the dialog was opened there and the key still exists.
    pub back: Option<String>,
}

/// The dialog that takes the place of the form. Its button loads the list anew, or the page of the key, and so does
/// Escape.
#[component]
pub fn Ended(
    /// Its data.
    data: EndedData,
    /// The list.
    view: ListView,
    /// Whether it is rendered open.
    #[prop(default = true)]
    open: bool,
) -> impl IntoView {
    let EndedData {
        title,
        sentence,
        back,
    } = data;
    let (page, label) = match &back {
        Some(page) => (page.clone(), "Back to the key"),
        None => (view.page.clone(), "Back to the keys"),
    };
    let fields = back.is_none().then(|| view! { <ViewFields view/> });
    view! {
        <Dialog id="ended" titled_by="ended-title" described_by=lead_id("ended-title") open>
            <form class="dialog-form" method="get" action=page data-replaces data-leaves>
                {fields}
                <DialogHead id="ended-title" title>{sentence}</DialogHead>
                <DialogFoot>
                    <Button label kind=Kind::Primary attr:autofocus=true/>
                </DialogFoot>
            </form>
        </Dialog>
    }
}

/// The dialog, for scripts, that takes the place of one that could not be loaded.
#[component]
pub fn NoAnswer() -> impl IntoView {
    view! {
        <Dialog id=NO_ANSWER titled_by="no-answer-title" described_by=lead_id("no-answer-title") open=false>
            <div class="dialog-form">
                <DialogHead id="no-answer-title" title="The dialog could not be loaded">
                    {UNREACHED}
                </DialogHead>
                <DialogFoot>
                    <Button
                        label="Close"
                        kind=Kind::Primary
                        acts="button"
                        attr:autofocus=true
                        attr:data-closes=NO_ANSWER
                    />
                </DialogFoot>
            </div>
        </Dialog>
    }
}
