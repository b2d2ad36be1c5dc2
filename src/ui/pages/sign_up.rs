//! `/sign-up`.

#![expect(
    missing_docs,
    reason = "the macro of an island leaves the docs off what it makes of it"
)]

use crate::{
    api::{form::FormState, session::SignUp},
    domain::{name::PersonName, password::MAX_CHARACTERS},
    ui::{
        document::brand,
        kit::form::{FormHandle, FormMessage, SubmitButton, TextField},
        layout::Card,
        pages::go_to,
    },
};
use leptos::{ev, prelude::*};

/// The page.
#[component]
pub fn SignUpPage(
    /// The form as it stands.
    state: FormState,
    /// Fewest characters of a password.
    minimum: usize,
    /// Whether nobody may sign up.
    closed: bool,
) -> impl IntoView {
    view! {
        <Card>
            <h1>"Create account"</h1>
            {if closed {
                view! { <p class="auth-lead">"Sign-up is by invitation only on this server."</p> }.into_any()
            } else {
                view! {
                    <p class="auth-lead">
                        {format!("Then create an API key, and call the {} API with it.", brand())}
                    </p>
                    <SignUpForm state minimum=u32::try_from(minimum).unwrap_or(u32::MAX)/>
                }
                .into_any()
            }}
            <p class="auth-alt">"Have an account? "<a href="/sign-in">"Sign in"</a></p>
        </Card>
    }
}

/// The form.
#[island]
pub fn SignUpForm(
    /// As it stands.
    state: FormState,
    /// Fewest characters of a password.
    minimum: u32,
) -> impl IntoView {
    let form = FormHandle::new(state);
    let submit = move |event: ev::SubmitEvent| form.submit::<SignUp>(&event, |path| go_to(&path));
    view! {
        <form
            class="form"
            method="post"
            action="/sign-up"
            novalidate
            on:submit=submit
        >
            <FormMessage form/>
            <TextField form name="name" label="Name" autocomplete="name" maxlength=PersonName::MAX autofocus=true/>
            <TextField form name="email" label="Email" kind="email" autocomplete="username" maxlength=254/>
            <TextField
                form
                name="password"
                label="Password"
                kind="password"
                autocomplete="new-password"
                hint=format!("{minimum} to {MAX_CHARACTERS} characters. A few uncommon words work well.")
            />
            <div class="form-actions">
                <SubmitButton form label="Create account" class="wide"/>
            </div>
        </form>
    }
}
