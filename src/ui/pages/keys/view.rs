//! The dialog `View API key`: the secret once, hidden at first, and gone with the dialog.

use super::{
    list_view::{ListView, ViewFields},
    usage::Usage,
};
use crate::{
    api::keys::RevealedKey,
    ui::kit::{
        copy::write_clipboard,
        icon::{Drawing, Icon},
        send::go_to,
    },
};
use leptos::{ev, html, prelude::*, task::spawn_local};

/// Characters that stay readable while the value is hidden.
const READABLE: usize = 9;

/// What became of the key so far.
#[derive(Clone, Copy)]
pub struct Progress {
    /// Whether the value can be read.
    pub shown: RwSignal<bool>,
    /// Whether the person has had the key, by copying or by showing it.
    pub kept: RwSignal<bool>,
    /// Whether the dialog asks before it closes.
    pub asking: RwSignal<bool>,
    /// What copying led to.
    note: RwSignal<&'static str>,
    copy: NodeRef<html::Button>,
}

impl Progress {
    /// Takes the question back; the focus returns to the key.
    fn stay(self) {
        self.asking.set(false);
        if let Some(button) = self.copy.get_untracked() {
            let _ = button.focus();
        }
    }
}

/// The dialog; it opens when `revealed` holds a key, and the key leaves the page with it.
#[component]
pub fn ViewKey(
    /// The key, while it is shown.
    revealed: RwSignal<Option<RevealedKey>>,
    /// The list behind it.
    list: ListView,
) -> impl IntoView {
    let dialog = NodeRef::<html::Dialog>::new();
    let done = NodeRef::<html::Form>::new();
    let progress = Progress {
        shown: RwSignal::new(false),
        kept: RwSignal::new(false),
        asking: RwSignal::new(false),
        note: RwSignal::new(""),
        copy: NodeRef::new(),
    };
    let at_risk = move || revealed.with_untracked(Option::is_some) && !progress.kept.get_untracked();

    Effect::new(move || {
        if revealed.with(Option::is_some) {
            // After the dialog has its contents, so that the focus finds its place in them.
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

    // Browsers close a dialog on the second Escape whatever its page says; `closedby` leaves the key to us.
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

    // Head and notice are written out: the kit's take their children boxed, which makes the module 3 KB heavier.
    let contents = move || {
        revealed.with(|held| {
            held.as_ref().map(|key| {
                let (title, label) = key.titles();
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
                        <header class="dialog-head">
                            <h2 id="view-key-title">{title}</h2>
                            <p><bdi>{key.name.clone()}</bdi>" · "{key.about.clone()}</p>
                        </header>
                        <div class="dialog-body">
                            <p class="notice notice-warning">
                                <Drawing icon=Icon::Warning/>
                                <span>"You can only see this key once. Store it safely."</span>
                            </p>
                            <Secret revealed label progress/>
                            {notes}
                            <Usage revealed snippets=key.snippets.clone() trial=key.trial.clone() progress/>
                        </div>
                        <Foot progress/>
                    </form>
                }
            })
        })
    };
    view! {
        <dialog
            class="dialog"
            node_ref=dialog
            closedby="none"
            aria-labelledby="view-key-title"
            on:cancel=|event: ev::Event| event.prevent_default()
        >
            {contents}
        </dialog>
    }
}

#[component]
fn Secret(revealed: RwSignal<Option<RevealedKey>>, label: &'static str, progress: Progress) -> impl IntoView {
    let field = NodeRef::<html::Textarea>::new();
    let secret = move || {
        revealed.with(|key| {
            key.as_ref()
                .map(|key| key.secret.expose().to_owned())
                .unwrap_or_default()
        })
    };
    let text = move || {
        if progress.shown.get() {
            secret()
        } else {
            masked(&secret())
        }
    };
    let toggle = move |_| {
        progress.shown.update(|shown| *shown = !*shown);
        progress.kept.set(true);
        progress.asking.set(false);
    };
    let copied = move || {
        progress.kept.set(true);
        progress.asking.set(false);
        progress.note.set("Copied to the clipboard.");
    };
    let refused = move || {
        progress.shown.set(true);
        progress.kept.set(true);
        progress.asking.set(false);
        progress.note.set(
            "The browser does not let this page copy. The key is selected: press Ctrl+C, or ⌘C on a Mac.",
        );
        request_animation_frame(move || {
            if let Some(field) = field.get_untracked() {
                let _ = field.focus();
                field.select();
            }
        });
    };
    let copy = move |_| {
        let secret = secret();
        spawn_local(async move {
            if write_clipboard(&secret).await {
                copied();
            } else {
                refused();
            }
        });
    };
    view! {
        <div class="field">
            <label for="secret">{label}</label>
            <div class="secret">
                <textarea
                    id="secret"
                    class="secret-text"
                    node_ref=field
                    rows="2"
                    readonly
                    autocomplete="off"
                    spellcheck="false"
                    prop:value=text
                ></textarea>
                <div class="secret-actions">
                    <button class="button quiet" type="button" on:click=toggle>
                        {move || if progress.shown.get() { "Hide value" } else { "Show value" }}
                    </button>
                    <button class="button primary" type="button" autofocus node_ref=progress.copy on:click=copy>
                        <Drawing icon=Icon::Copy/>
                        "Copy"
                    </button>
                </div>
            </div>
            <p class="field-hint" role="status">{progress.note}</p>
        </div>
    }
}

#[component]
fn Foot(progress: Progress) -> impl IntoView {
    let back = NodeRef::<html::Button>::new();
    Effect::new(move || {
        if let (true, Some(button)) = (progress.asking.get(), back.get()) {
            let _ = button.focus();
        }
    });
    let asking = move || progress.asking.get();
    view! {
        <footer class="dialog-foot" class:is-asking=asking>
            <p class="dialog-ask" role="alert">
                {move || {
                    asking().then_some("You have neither copied nor shown this key. Once closed, it cannot be shown again.")
                }}
            </p>
            <button
                class="button primary"
                type="button"
                hidden=move || !asking()
                node_ref=back
                on:click=move |_| progress.stay()
            >
                "Back to the key"
            </button>
            <button
                class="button"
                class:primary=move || !asking()
                class:danger=asking
                type="submit"
                on:click=move |_| progress.kept.update(|kept| *kept |= asking())
            >
                {move || if asking() { "Close without the key" } else { "Done" }}
            </button>
        </footer>
    }
}

/// The first characters, then a dot for each of the others.
pub fn masked(secret: &str) -> String {
    secret
        .chars()
        .enumerate()
        .map(|(n, c)| if n < READABLE { c } else { '•' })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hidden_value_shows_only_its_first_characters() {
        assert_eq!(masked("bye_a1B2c3D4"), "bye_a1B2c•••");
    }
}
