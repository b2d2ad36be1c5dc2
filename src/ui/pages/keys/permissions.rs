//! The field `Permissions` of the dialog `Add API key`: the presets, and `Custom` with a check box for each
//! scope.

use crate::{
    api::wire::FormState,
    domain::catalog::{CUSTOM, CUSTOM_LABEL},
    ui::kit::{
        choice::{ChoiceBox, ChoiceCard},
        field::FieldError,
    },
};
use leptos::prelude::*;

/// A preset in the dialog.
#[derive(Clone, Debug)]
pub struct PresetChoice {
    /// Machine name.
    pub id: String,
    /// Label.
    pub label: String,
    /// The vendor's description.
    pub description: String,
    /// Its scopes, as text.
    pub scopes: String,
    /// Whether it has every scope.
    pub is_widest: bool,
}

/// A scope in the dialog.
#[derive(Clone, Debug)]
pub struct ScopeChoice {
    /// Its name, such as `generation:read`.
    pub scope: String,
    /// Method and pattern of each route that needs it.
    pub routes: Vec<String>,
}

/// The cards, one for each preset.
#[component]
pub fn Permissions(
    /// The form.
    form: FormState,
    /// Presets in the order of the dialog.
    presets: Vec<PresetChoice>,
    /// Scopes for `Custom`.
    scopes: Vec<ScopeChoice>,
    /// Path of the page `Scopes`.
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
                    is_widest=preset.is_widest
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
            <ScopeBoxes form=form.clone() scopes/>
            <FieldError form=form.clone() name="preset"/>
        </fieldset>
    }
}

/// A check box for each scope, visible while `Custom` is selected.
#[component]
fn ScopeBoxes(form: FormState, scopes: Vec<ScopeChoice>) -> impl IntoView {
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
            <FieldError form=form.clone() name="scopes"/>
            {boxes}
        </div>
    }
}
