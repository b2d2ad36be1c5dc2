//! `/sign-in`.

use crate::{
    api::{session::SignIn, wire::FormState},
    domain::paths,
    ui::{
        document::brand,
        kit::{
            button::SubmitButton,
            field::{FormMessage, TextField},
            send::{LiveForms, navigates},
        },
        layout::Card,
    },
};
use leptos::prelude::*;

/// The page.
#[component]
pub fn SignInPage(
    /// State of the form.
    state: FormState,
    /// Whether to link to sign-up.
    may_sign_up: bool,
) -> impl IntoView {
    view! {
        <Card>
            <h1>"Sign in"</h1>
            <p class="auth-lead">{format!("Manage the API keys of your {} account.", brand())}</p>
            <SignInForm form=state/>
            {may_sign_up
                .then(|| view! { <p class="auth-alt">"No account yet? "<a href=paths::SIGN_UP>"Create one"</a></p> })}
        </Card>
    }
}

/// The form.
#[component]
fn SignInForm(
    /// State of the form.
    form: FormState,
) -> impl IntoView {
    let function = navigates::<SignIn>();
    view! {
        <LiveForms>
        <form class="form" method="post" action=paths::SIGN_IN data-function=function novalidate>
            <FormMessage form=form.clone()/>
            <input type="hidden" name="next" value=form.value("next")/>
            <TextField form=form.clone() name="email" label="Email" kind="email" autocomplete="username" autofocus=true/>
            <TextField form=form.clone() name="password" label="Password" kind="password" autocomplete="current-password"/>
            <div class="form-actions">
                <SubmitButton label="Sign in" class:wide=true/>
            </div>
        </form>
        </LiveForms>
    }
}
