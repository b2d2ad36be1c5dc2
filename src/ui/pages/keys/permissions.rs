//! The field `Permissions` of the dialog `Add API key`: the presets, and `Custom` with a box for each scope.

use crate::{
    api::wire::FormState,
    domain::catalog::{CUSTOM, CUSTOM_LABEL},
    ui::kit::{
        choice::{ChoiceBox, ChoiceCard},
        field::FieldError,
    },
};
use leptos::prelude::*;
use std::sync::Arc;

/// A preset in the dialog.
#[derive(Clone, Debug)]
pub struct PresetChoice {
    /// Machine name.
    pub id: String,
    /// Name for people.
    pub label: String,
    /// The vendor's sentence.
    pub description: String,
    /// The scopes behind it, in words.
    pub scopes: String,
}

/// A scope in the dialog.
#[derive(Clone, Debug)]
pub struct ScopeChoice {
    /// Its name: `generation:read`.
    pub scope: String,
    /// Method and pattern of each route that it opens.
    pub routes: Vec<String>,
}

/// The cards.
#[component]
pub fn Permissions(
    /// The form.
    form: Arc<FormState>,
    /// In the order of the dialog.
    presets: Vec<PresetChoice>,
    /// For a custom choice.
    scopes: Vec<ScopeChoice>,
    /// Path of the page that explains them.
    about: String,
) -> impl IntoView {
    let chosen = form.value("preset");
    let is_first_error = form.errors().first() == Some("preset");
    let cards = presets
        .into_iter()
        .enumerate()
        .map(|(n, preset)| {
            let checked = preset.id == chosen;
            let autofocus = n == 0 && is_first_error;
            view! {
                <ChoiceCard
                    name="preset"
                    value=preset.id
                    id=format!("preset-{n}")
                    title=preset.label
                    text=preset.description
                    code=preset.scopes
                    checked
                    autofocus
                />
            }
        })
        .collect_view();
    let invalid = |field: &str| form.errors().get(field).map(|_| "true");
    view! {
        <fieldset
            class="field choices"
            id="preset"
            role="radiogroup"
            aria-labelledby="preset-label"
            aria-required="true"
            aria-invalid=invalid("preset")
            aria-describedby="preset-error"
        >
            <div class="field-head">
                <span class="label" id="preset-label">"Permissions"</span>
                <a class="field-link" href=about target="_blank">
                    "Scopes and routes"
                    <span class="visually-hidden">" (opens a new tab)"</span>
                </a>
            </div>
            <div class="choice-cards">
                {cards}
                <ChoiceCard
                    name="preset"
                    value=CUSTOM
                    id="preset-custom"
                    title=CUSTOM_LABEL
                    text="Choose the scopes one by one"
                    checked=chosen == CUSTOM
                />
            </div>
            <ScopeBoxes form=Arc::clone(&form) scopes/>
            <FieldError form=Arc::clone(&form) name="preset"/>
        </fieldset>
    }
}

/// A box for each scope; it is seen while `Custom` is chosen.
#[component]
fn ScopeBoxes(form: Arc<FormState>, scopes: Vec<ScopeChoice>) -> impl IntoView {
    let is_first_error = form.errors().first() == Some("scopes");
    let boxes = scopes
        .into_iter()
        .enumerate()
        .map(|(n, choice)| {
            let checked = form.holds("scopes", &choice.scope);
            let autofocus = n == 0 && is_first_error;
            let id = format!("scope-{n}");
            view! { <ChoiceBox name="scopes[]" value=choice.scope id lines=choice.routes checked autofocus/> }
        })
        .collect_view();
    let invalid = form.errors().get("scopes").map(|_| "true");
    view! {
        <div
            class="scope-list"
            id="scopes"
            role="group"
            aria-label="Scopes"
            aria-invalid=invalid
            aria-describedby="scopes-error"
        >
            {boxes}
            <FieldError form=Arc::clone(&form) name="scopes"/>
        </div>
    }
}
