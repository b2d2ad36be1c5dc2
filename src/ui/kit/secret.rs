//! A secret that is seen once: hidden at first, shown and copied in one box, and asked about before it is gone.

use super::{
    button::{Button, Kind},
    copy::write_clipboard,
    icon::Icon,
};
use leptos::{html, prelude::*, tachys::html::node_ref::node_ref, task::spawn_local};

/// Characters that stay readable while the value is hidden.
const READABLE: usize = 9;

/// What became of the secret so far.
#[derive(Clone, Copy, Default)]
pub struct Progress {
    /// Whether the value can be read.
    pub shown: RwSignal<bool>,
    /// Whether the person has had it, by copying or by showing it.
    pub kept: RwSignal<bool>,
    /// Whether the dialog asks before it closes.
    pub asking: RwSignal<bool>,
    /// What copying led to.
    note: RwSignal<&'static str>,
    copy: NodeRef<html::Button>,
}

impl Progress {
    /// The person has it.
    pub fn keep(self) {
        self.kept.set(true);
        self.asking.set(false);
    }

    /// Takes the question back; the focus returns to the secret.
    pub fn stay(self) {
        self.asking.set(false);
        if let Some(button) = self.copy.get_untracked() {
            let _ = button.focus();
        }
    }

    /// The secret as it may be read now.
    #[must_use]
    pub fn readable(self, secret: String) -> String {
        if self.shown.get() { secret } else { masked(&secret) }
    }
}

/// The first characters, then a dot for each of the others.
#[must_use]
pub fn masked(secret: &str) -> String {
    secret
        .chars()
        .enumerate()
        .map(|(n, c)| if n < READABLE { c } else { '•' })
        .collect()
}

/// The box: the secret, `Show value` or `Hide value`, `Copy`, and what copying led to.
#[component]
pub fn Secret(
    /// What it is called.
    label: &'static str,
    /// The secret, while there is one.
    secret: impl Fn() -> String + Copy + Send + Sync + 'static,
    /// What became of it so far.
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

/// The foot of its dialog: `Done`, or the question whether to close without the secret.
#[component]
pub fn SecretFoot(
    /// What became of the secret so far.
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

/// The box without scripts: a check mark shows the value, here and in everything of the dialog that has it.
#[component]
pub fn PlainSecret(
    /// What it is called.
    label: &'static str,
    /// The secret.
    secret: String,
    /// What to do with it.
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
