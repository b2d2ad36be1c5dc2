//! A secret that is shown once: masked at first, with `Show value` and `Copy`. Closing without having copied
//! or shown it asks for confirmation.

use super::{
    button::{Button, Kind},
    copy::write_clipboard,
    icon::Icon,
};
use leptos::{html, prelude::*, tachys::html::node_ref::node_ref, task::spawn_local};

/// Leading characters that stay readable while the value is masked.
const READABLE: usize = 9;

/// State of the dialog that shows the secret.
#[derive(Clone, Copy, Default)]
pub struct Progress {
    /// Whether the value is shown in full.
    pub shown: RwSignal<bool>,
    /// Whether the person has copied or seen the value.
    pub kept: RwSignal<bool>,
    /// Whether the dialog asks for confirmation before it closes.
    pub asking: RwSignal<bool>,
    /// Result of copying, as a sentence.
    note: RwSignal<&'static str>,
    copy: NodeRef<html::Button>,
}

impl Progress {
    /// Records that the person has copied or seen the value.
    pub fn keep(self) {
        self.kept.set(true);
        self.asking.set(false);
    }

    /// Cancels closing; the focus returns to the secret.
    pub fn stay(self) {
        self.asking.set(false);
        if let Some(button) = self.copy.get_untracked() {
            let _ = button.focus();
        }
    }

    /// The secret, masked unless it is shown.
    #[must_use]
    pub fn readable(self, secret: String) -> String {
        if self.shown.get() { secret } else { masked(&secret) }
    }
}

/// Masks a secret: its first characters, then a dot for each other one.
#[must_use]
pub fn masked(secret: &str) -> String {
    secret
        .chars()
        .enumerate()
        .map(|(n, c)| if n < READABLE { c } else { '•' })
        .collect()
}

/// The box: the secret, `Show value` or `Hide value`, `Copy`, and the result of copying.
#[component]
pub fn Secret(
    /// Label.
    label: &'static str,
    /// The secret; empty once the dialog is closed.
    secret: impl Fn() -> String + Copy + Send + Sync + 'static,
    /// State of the dialog.
    progress: Progress,
) -> impl IntoView {
    let field = NodeRef::<html::Textarea>::new();
    let toggle = move |_| {
        progress.shown.update(|shown| *shown = !*shown);
        progress.keep();
    };
    let refused = move || {
        progress.shown.set(true);
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
                progress.note.set("Copied to the clipboard.");
            } else {
                refused();
            }
            progress.keep();
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
                    prop:value=move || progress.readable(secret())
                ></textarea>
                <div class="secret-actions">
                    <Button
                        label=move || if progress.shown.get() { "Hide value" } else { "Show value" }
                        kind=Kind::Quiet
                        acts="button"
                        on:click=toggle
                    />
                    <Button
                        {..node_ref(progress.copy)}
                        label="Copy"
                        kind=Kind::Primary
                        icon=Icon::Copy
                        acts="button"
                        attr:autofocus=true
                        on:click=copy
                    />
                </div>
            </div>
            <p class="field-hint" role="status">{progress.note}</p>
        </div>
    }
}

/// Footer of the dialog: `Done`, or the confirmation of closing without the secret.
#[component]
pub fn SecretFoot(
    /// State of the dialog.
    progress: Progress,
) -> impl IntoView {
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
            <Button
                {..node_ref(back)}
                label="Back to the key"
                kind=Kind::Primary
                acts="button"
                attr:hidden=move || !asking()
                on:click=move |_| progress.stay()
            />
            <Button
                label=move || if asking() { "Close without the key" } else { "Done" }
                kind=Kind::Primary
                class:danger=asking
                on:click=move |_| progress.kept.update(|kept| *kept |= asking())
            />
        </footer>
    }
}

/// The box without scripts: a check box reveals the value everywhere in the dialog.
#[component]
pub fn PlainSecret(
    /// Label.
    label: &'static str,
    /// The secret.
    secret: String,
    /// Hint: what to do with it.
    hint: &'static str,
) -> impl IntoView {
    view! {
        <div class="field">
            <label for="kept-key">{label}</label>
            <div class="secret">
                <textarea class="secret-text is-masked" rows="2" readonly aria-label=format!("{label}, hidden")>
                    {masked(&secret)}
                </textarea>
                <textarea
                    id="kept-key"
                    class="secret-text is-filled"
                    data-secret
                    rows="2"
                    readonly
                    autocomplete="off"
                    spellcheck="false"
                >
                    {secret}
                </textarea>
                <div class="secret-actions">
                    <label class=Kind::Quiet.class()>
                        <input class="show-value" type="checkbox" autocomplete="off" autofocus/>
                        "Show value"
                    </label>
                </div>
            </div>
            <p class="field-hint">{hint}</p>
        </div>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hidden_value_shows_only_its_first_characters() {
        assert_eq!(masked("bye_a1B2c3D4"), "bye_a1B2c•••");
    }
}
