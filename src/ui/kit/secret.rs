//! A secret that is shown once: masked at first, with `Show value` and `Copy`. Closing without having copied
//! or shown it asks for confirmation. The server renders these elements without the secret; a script writes it
//! into them (`pages::keys::reveal`).

use super::{
    button::{Button, Kind},
    copy::{CopyButton, CopyStatus},
};
use crate::domain::token;
use leptos::prelude::*;

/// Masks a secret: what is shown of every key, then a dot for each other character.
#[must_use]
pub fn masked(secret: &str) -> String {
    let readable = token::shown_length(secret);
    secret
        .chars()
        .enumerate()
        .map(|(n, c)| if n < readable { c } else { '•' })
        .collect()
}

/// The box: the secret, `Show value` or `Hide value`, and `Copy`. A script fills the slots `label` and
/// `secret`.
#[component]
pub fn Secret() -> impl IntoView {
    view! {
        <div class="field">
            <label for="secret" data-slot="label"></label>
            <div class="secret">
                <textarea
                    id="secret"
                    class="secret-text"
                    data-slot="secret"
                    rows="2"
                    readonly
                    autocomplete="off"
                    spellcheck="false"
                    translate="no"
                ></textarea>
                <div class="secret-actions">
                    <Button label="Show value" kind=Kind::Quiet acts="button" attr:data-reveal="toggle"/>
                    <CopyButton
                        status="secret-copied"
                        kind=Kind::Primary
                        refused="The browser does not let this page copy. The key is selected: press Ctrl+C, or ⌘C on a Mac."
                        attr:data-reveal="copy"
                        attr:autofocus=true
                    />
                </div>
            </div>
            <CopyStatus id="secret-copied"/>
        </div>
    }
}

/// Footer of the dialog: `Done`, or the confirmation of closing without the secret.
#[component]
pub fn SecretFoot() -> impl IntoView {
    view! {
        <div class="dialog-foot" data-slot="foot">
            <p class="dialog-ask" role="alert" data-slot="ask"></p>
            <Button
                label="Back to the key"
                kind=Kind::Primary
                acts="button"
                attr:hidden=true
                attr:data-reveal="stay"
            />
            <Button label="Close without the key" kind=Kind::Danger attr:hidden=true attr:data-reveal="close"/>
            <Button label="Done" kind=Kind::Primary attr:data-reveal="done"/>
        </div>
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
                <textarea
                    class="secret-text is-masked"
                    rows="2"
                    readonly
                    aria-label=format!("{label}, hidden")
                    translate="no"
                >
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
                    translate="no"
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
        for (secret, hidden) in [
            ("bye_a1B2c3D4", "bye_a1B2c•••"),
            ("a_a1B2c3D4", "a_a1B2c•••"),
            ("weathervane_a1B2c3D4", "weathervane_a1B2c•••"),
            ("", ""),
        ] {
            assert_eq!(masked(secret), hidden);
        }
    }
}
