//! The field `Expires` of the dialog `Add API key`.

use crate::{
    api::wire::FormState,
    domain::expiry::{DAYS, NEVER, ON_A_DATE},
    ui::kit::{
        field::{FieldError, Select, starts_at},
        moment::YourEndOf,
    },
};
use leptos::prelude::*;
use std::iter;

/// A select element, and the date field for one of its options.
#[component]
pub fn ExpiresField(
    /// The form.
    form: FormState,
    /// The first and the last day that a key may expire on.
    days: (String, String),
) -> impl IntoView {
    let never = (NEVER.to_owned(), "Never".to_owned());
    let in_days = DAYS.map(|days| (days.to_string(), format!("{days} days")));
    let on_a_date = (ON_A_DATE.to_owned(), "On a date".to_owned());
    let options = iter::once(never).chain(in_days).chain([on_a_date]).collect();
    let (first, last) = days;
    let invalid = form.errors().get("expires_on").map(|_| "true");
    view! {
        <div class="field expiry">
            <label for="expires">"Expires"</label>
            <div class="expiry-inputs">
                <Select form=form.clone() name="expires" options/>
                <input
                    type="date"
                    id="expires_on"
                    name="expires_on"
                    value=form.value("expires_on")
                    min=first
                    max=last
                    autofocus=starts_at(&form, "expires_on", false)
                    aria-label="Last day of the key, in UTC"
                    aria-invalid=invalid
                    aria-describedby="expires-hint expires_on-error"
                />
            </div>
            <p class="field-hint" id="expires-hint">
                <span class="expiry-day">
                    "The key works until the end of that day (23:59 UTC)."
                    <YourEndOf field="expires_on"/>
                    " "
                </span>
                "You cannot change this later."
            </p>
            <FieldError form=form.clone() name="expires"/>
            <FieldError form=form.clone() name="expires_on"/>
        </div>
    }
}
