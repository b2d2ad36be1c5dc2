//! `/sign-in`.

#![expect(
    missing_docs,
    reason = "the macro of an island leaves the docs off what it makes of it"
)]

use crate::{
    api::{form::FormState, session::SignIn},
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
pub fn SignInPage(
    /// The form as it stands.
    state: FormState,
    /// Whether to offer an account to who has none.
    may_sign_up: bool,
) -> impl IntoView {
    view! {
        <Card>
            <h1>"Sign in"</h1>
            <p class="auth-lead">{format!("Manage the API keys of your {} account.", brand())}</p>
            <SignInForm state/>
            {may_sign_up
                .then(|| view! { <p class="auth-alt">"No account yet? "<a href="/sign-up">"Create one"</a></p> })}
        </Card>
    }
}

/// The form.
#[island]
pub fn SignInForm(
    /// As it stands.
    state: FormState,
) -> impl IntoView {
    let form = FormHandle::new(state);
    let submit = move |event: ev::SubmitEvent| form.submit::<SignIn>(&event, |path| go_to(&path));
    view! {
        <form
            class="form"
            method="post"
            action="/sign-in"
            novalidate
            on:submit=submit
        >
            <FormMessage form/>
            <input type="hidden" name="next" value=form.value("next")/>
            <TextField form name="email" label="Email" kind="email" autocomplete="username" autofocus=true/>
            <TextField form name="password" label="Password" kind="password" autocomplete="current-password"/>
            <div class="form-actions">
                <SubmitButton form label="Sign in" class="wide"/>
            </div>
        </form>
    }
}
