//! The dialog `View API key`: shows the secret once, masked at first. Closing it removes the secret.

use super::{
    how_to_use::Usage,
    list_view::{ListView, ViewFields},
};
use crate::{
    api::wire::RevealedKey,
    ui::kit::{
        dialog::{DialogHead, LiveDialog},
        notice::{Notice, Tone},
        secret::{Progress, Secret, SecretFoot},
        send::go_to,
    },
};
use leptos::{ev, html, prelude::*};

/// The dialog. It opens when `revealed` gets a key; closing it clears the signal.
#[component]
pub fn ViewKey(
    /// The key to show.
    revealed: RwSignal<Option<RevealedKey>>,
    /// The list behind it.
    list: ListView,
) -> impl IntoView {
    let dialog = NodeRef::<html::Dialog>::new();
    let done = NodeRef::<html::Form>::new();
    let progress = Progress::default();
    let at_risk = move || revealed.with_untracked(Option::is_some) && !progress.kept.get_untracked();

    Effect::new(move || {
        if revealed.with(Option::is_some) {
            // In the next frame, when the dialog has its content and can place the focus in it.
            request_animation_frame(move || {
                if let Some(dialog) = dialog.get_untracked() {
                    let _ = dialog.show_modal();
                }
            });
        }
    });
    window_event_listener(ev::beforeunload, move |event| {
        if at_risk() {
            event.prevent_default();
        }
    });
    window_event_listener(ev::pagehide, move |_| revealed.set(None));
    let own_page = list.href.clone();
    window_event_listener(ev::pageshow, move |event| {
        if event.persisted() {
            go_to(&own_page);
        }
    });

    // Browsers close a dialog on the second Escape even if `cancel` was prevented. With `closedby` the key is
    // left to this handler.
    window_event_listener(ev::keydown, move |event| {
        if event.key() != "Escape" || revealed.with_untracked(Option::is_none) {
            return;
        }
        event.prevent_default();
        if progress.asking.get_untracked() {
            progress.stay();
        } else if let Some(form) = done.get_untracked() {
            let _ = form.request_submit();
        }
    });
    let on_done = move |event: ev::SubmitEvent| {
        if at_risk() {
            event.prevent_default();
            progress.asking.set(true);
        }
    };

    let secret = move || secret(revealed);
    let contents = move || {
        revealed.with(|held| {
            held.as_ref().map(|key| {
                let (title, label) = key.titles();
                let (name, about) = (key.name.clone(), key.about.clone());
                let action = list.row(&key.id);
                let notes = key
                    .notes
                    .iter()
                    .map(|note| view! { <p class="field-hint">{note.clone()}</p> })
                    .collect_view();
                view! {
                    <form class="dialog-form" method="get" action=action node_ref=done on:submit=on_done>
                        <ViewFields view=list.clone()/>
                        <input type="hidden" name="created" value=key.id.clone()/>
                        <DialogHead id="view-key-title" title>
                            <bdi>{name}</bdi>" · "{about}
                        </DialogHead>
                        <div class="dialog-body">
                            <Notice tone=Tone::Warning>"You can only see this key once. Store it safely."</Notice>
                            <Secret label secret progress/>
                            {notes}
                            <Usage secret snippets=key.snippets.clone() trial=key.trial.clone() progress/>
                        </div>
                        <SecretFoot progress/>
                    </form>
                }
            })
        })
    };
    view! {
        <LiveDialog titled_by="view-key-title" node=dialog>{contents}</LiveDialog>
    }
}

fn secret(revealed: RwSignal<Option<RevealedKey>>) -> String {
    revealed.with(|key| {
        key.as_ref()
            .map(|key| key.secret.expose().to_owned())
            .unwrap_or_default()
    })
}
