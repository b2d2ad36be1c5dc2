//! Fields of a form, drawn by the server: label, hint, what was typed, what is wrong. `send` fills in the errors of a
//! form that was sent in place.

use crate::api::wire::FormState;
use leptos::prelude::*;
use std::sync::Arc;

/// Id of the element that says what is wrong with a field.
#[must_use]
pub fn error_id(name: &str) -> String {
    format!("{name}-error")
}

/// Ids of what describes a field. An empty element adds nothing, so the error's may always be there.
#[must_use]
pub fn described_by(name: &str) -> String {
    format!("{name}-hint {name}-error")
}

/// Whether `field` has the focus when the form is drawn: the first one that is wrong, else the one that is `meant`.
#[must_use]
pub fn starts_at(form: &FormState, field: &str, meant: bool) -> bool {
    form.errors().first().map_or(meant, |first| first == field)
}

/// What is wrong with a field.
#[component]
pub fn FieldError(
    /// The form.
    form: Arc<FormState>,
    /// The field.
    name: &'static str,
) -> impl IntoView {
    let error = form.errors().get(name).map(str::to_owned);
    let hidden = error.is_none();
    view! {
        <p class="field-error" id=error_id(name) data-error-of=name hidden=hidden>
            {error}
        </p>
    }
}

/// The sentence about the whole form; announced when it appears.
#[component]
pub fn FormMessage(
    /// The form.
    form: Arc<FormState>,
) -> impl IntoView {
    let message = form.message();
    let hidden = message.is_none();
    view! {
        <p class="form-error" role="alert" data-form-message hidden=hidden>
            {message}
        </p>
    }
}

/// A text field with its label, hint and error.
#[component]
pub fn TextField(
    /// The form.
    form: Arc<FormState>,
    /// Its name in the form; also its id.
    name: &'static str,
    /// What it is called.
    label: &'static str,
    /// `text`, `email` or `password`. What a password field held is never drawn again.
    #[prop(default = "text")]
    kind: &'static str,
    /// What browsers may fill in.
    autocomplete: &'static str,
    /// What to do, in a sentence.
    #[prop(optional, into)]
    hint: Option<String>,
    /// Most UTF-16 code units that browsers take.
    #[prop(optional)]
    maxlength: Option<usize>,
    /// Which keys a phone shows: `numeric` for digits.
    #[prop(optional)]
    inputmode: Option<&'static str>,
    /// Whether it has to be filled in.
    #[prop(default = true)]
    required: bool,
    /// Whether it has the focus when the page or dialog opens.
    #[prop(optional)]
    autofocus: bool,
) -> impl IntoView {
    let value = if kind == "password" {
        String::new()
    } else {
        form.value(name)
    };
    let invalid = form.errors().get(name).map(|_| "true");
    view! {
        <div class="field">
            <div class="field-head">
                <label for=name>{label}</label>
            </div>
            <input
                id=name
                name=name
                type=kind
                value=value
                autocomplete=autocomplete
                inputmode=inputmode
                maxlength=maxlength
                autofocus=starts_at(&form, name, autofocus)
                spellcheck="false"
                autocapitalize="off"
                aria-required=required.then_some("true")
                aria-invalid=invalid
                aria-describedby=described_by(name)
            />
            {hint.map(|hint| view! { <p class="field-hint" id=format!("{name}-hint")>{hint}</p> })}
            <FieldError form name/>
        </div>
    }
}

/// A choice from a list, with its label, hint and error.
#[component]
pub fn SelectField(
    /// The form.
    form: Arc<FormState>,
    /// Its name in the form; also its id.
    name: &'static str,
    /// What it is called.
    label: &'static str,
    /// What can be chosen: what the form sends, and what it is called.
    options: Vec<(String, String)>,
    /// What to do, in a sentence.
    hint: &'static str,
) -> impl IntoView {
    view! {
        <div class="field">
            <label for=name>{label}</label>
            <Select form=Arc::clone(&form) name options/>
            <p class="field-hint" id=format!("{name}-hint")>{hint}</p>
            <FieldError form name/>
        </div>
    }
}

/// The list of such a field alone.
#[component]
pub fn Select(
    /// The form.
    form: Arc<FormState>,
    /// Its name in the form; also its id.
    name: &'static str,
    /// What can be chosen: what the form sends, and what it is called.
    options: Vec<(String, String)>,
) -> impl IntoView {
    let (chosen, invalid) = (form.value(name), form.errors().get(name).map(|_| "true"));
    let options = options
        .into_iter()
        .map(|(value, label)| {
            let selected = value == chosen;
            view! { <option value=value selected=selected>{label}</option> }
        })
        .collect_view();
    view! {
        <select id=name name=name aria-invalid=invalid aria-describedby=described_by(name)>
            {options}
        </select>
    }
}
