//! The field `Expires` of the dialog `Add API key`.

use crate::{
    api::form::FormState,
    domain::expiry::{DAYS, NEVER, ON_A_DATE},
    ui::kit::field::{FieldError, starts_at},
};
use leptos::prelude::*;
use std::sync::Arc;

/// The choice, and the date that one of the choices asks for.
#[component]
pub fn ExpiresField(
    /// The form.
    form: Arc<FormState>,
    /// The first and the last day that a key may end on.
    days: (String, String),
) -> impl IntoView {
    let chosen = form.value("expires");
    let option = |value: String, label: String| {
        let selected = value == chosen;
        view! { <option value=value selected=selected>{label}</option> }
    };
    let in_days = DAYS
        .into_iter()
        .map(|days| option(days.to_string(), format!("{days} days")))
        .collect_view();
    let (first, last) = days;
    let invalid = |field: &str| form.errors().get(field).map(|_| "true");
    view! {
        <div class="field expiry">
            <label for="expires">"Expires"</label>
            <div class="expiry-inputs">
                <select
                    id="expires"
                    name="expires"
                    aria-invalid=invalid("expires")
                    aria-describedby="expires-hint expires-error"
                >
                    {option(NEVER.to_owned(), "Never".to_owned())}
                    {in_days}
                    {option(ON_A_DATE.to_owned(), "On a date".to_owned())}
                </select>
                <input
                    type="date"
                    id="expires_on"
                    name="expires_on"
                    value=form.value("expires_on")
                    min=first
                    max=last
                    autofocus=starts_at(&form, "expires_on", false)
                    aria-label="Last day of the key, in UTC"
                    aria-invalid=invalid("expires_on")
                    aria-describedby="expires-hint expires_on-error"
                />
            </div>
            <p class="field-hint" id="expires-hint">
                "A date ends at 23:59:59 UTC. The end cannot be changed later."
            </p>
            <FieldError form=Arc::clone(&form) name="expires"/>
            <FieldError form=Arc::clone(&form) name="expires_on"/>
        </div>
    }
}
