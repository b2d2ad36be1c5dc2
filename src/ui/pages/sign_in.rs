//! `/sign-in`.

use crate::{
    api::{session::SignIn, wire::FormState},
    domain::paths,
    ui::{
        document::brand,
        kit::{
            button::{Button, Kind},
            field::{FormMessage, TextField},
            send::LiveForm,
        },
        layout::Card,
    },
};
use leptos::{prelude::*, server_fn::ServerFn as _};
use std::sync::Arc;

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
                .then(|| view! { <p class="auth-alt">"No account yet? "<a href=paths::SIGN_UP>"Create one"</a></p> })}
        </Card>
    }
}

/// The form.
#[component]
fn SignInForm(
    /// As it stands.
    state: FormState,
) -> impl IntoView {
    let form = Arc::new(state);
    view! {
        <LiveForm function=SignIn::PATH.to_owned()>
        <form class="form" method="post" action=paths::SIGN_IN novalidate>
            <FormMessage form=Arc::clone(&form)/>
            <input type="hidden" name="next" value=form.value("next")/>
            <TextField form=Arc::clone(&form) name="email" label="Email" kind="email" autocomplete="username" autofocus=true/>
            <TextField form=Arc::clone(&form) name="password" label="Password" kind="password" autocomplete="current-password"/>
            <div class="form-actions">
                <Button label="Sign in" kind=Kind::Primary class="wide"/>
            </div>
        </form>
        </LiveForm>
    }
}
