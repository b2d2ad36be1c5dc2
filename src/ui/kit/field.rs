//! Form fields, rendered by the server: label, hint, value, error. `send` writes the errors of a form that
//! was sent in place.

use crate::api::wire::FormState;
use leptos::prelude::*;

/// Id of the element with a field's error.
#[must_use]
pub fn error_id(name: &str) -> String {
    format!("{name}-error")
}

/// Value of `aria-describedby` for a field. The id of the error is always in it: an empty element is not
/// announced.
#[must_use]
pub fn described_by(name: &str) -> String {
    format!("{name}-hint {name}-error")
}

/// Whether `field` gets the focus when the form opens: the first field with an error, else the one with
/// `meant`.
#[must_use]
pub fn starts_at(form: &FormState, field: &str, meant: bool) -> bool {
    form.errors().first().map_or(meant, |first| first == field)
}

/// The error of a field.
#[component]
pub fn FieldError(
    /// The form.
    form: FormState,
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

/// The error of the whole form; announced when it appears.
#[component]
pub fn FormMessage(
    /// The form.
    form: FormState,
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
    form: FormState,
    /// Its name in the form; also its id.
    name: &'static str,
    /// Label: a text, or a view with names in it.
    label: impl IntoView + 'static,
    /// `text`, `email` or `password`. The value of a password field is never rendered again.
    #[prop(default = "text")]
    kind: &'static str,
    /// Attribute `autocomplete`.
    autocomplete: &'static str,
    /// Hint: one sentence.
    #[prop(optional, into)]
    hint: Option<String>,
    /// Maximum number of characters. A longer text is not cut while it is typed or pasted: `public/page.js` counts it
    /// beside the label, and the server refuses it.
    #[prop(optional)]
    most: Option<usize>,
    /// Attribute `inputmode`: `numeric` makes phones show digits.
    #[prop(optional)]
    inputmode: Option<&'static str>,
    /// Whether it is required.
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
    let described = if hint.is_some() {
        described_by(name)
    } else {
        error_id(name)
    };
    // Names are written in either direction; email addresses and numbers have one of their own.
    let direction = (kind == "text" && inputmode.is_none()).then_some("auto");
    let count = most.map(
        |most| view! { <span class="field-count" role="status" data-count-of=name data-most=most></span> },
    );
    // Hidden until the script of the page runs. After the field, so that Tab leads from the email to the password.
    let reveal = (kind == "password").then(|| {
        view! {
            <button class="link field-link" type="button" data-toggles=name aria-pressed="false" hidden>
                "Show password"
            </button>
        }
    });
    view! {
        <div class="field">
            <div class="field-head">
                <label for=name>{label}</label>
                {count}
            </div>
            <input
                id=name
                name=name
                type=kind
                value=value
                autocomplete=autocomplete
                inputmode=inputmode
                dir=direction
                autofocus=starts_at(&form, name, autofocus)
                spellcheck="false"
                autocapitalize="off"
                aria-required=required.then_some("true")
                aria-invalid=invalid
                aria-describedby=described
            />
            {reveal}
            {hint.map(|hint| view! { <p class="field-hint" id=format!("{name}-hint")>{hint}</p> })}
            <FieldError form name/>
        </div>
    }
}

/// A select element; its label, hint and error are beside it.
#[component]
pub fn Select(
    /// The form.
    form: FormState,
    /// Its name in the form; also its id.
    name: &'static str,
    /// Options: value and label.
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
