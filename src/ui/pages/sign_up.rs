//! `/sign-up`.

use crate::{
    api::wire::FormState,
    domain::{name::PersonName, password::MAX_CHARACTERS, paths},
    ui::{
        document::brand,
        kit::{
            button::SubmitButton,
            field::{FormMessage, TextField},
        },
        layout::Card,
    },
};
use leptos::prelude::*;

/// The page. Its form is a plain one: the page needs no island.
#[component]
pub fn SignUpPage(
    /// State of the form.
    state: FormState,
    /// Minimum length of a password, in characters.
    minimum: usize,
    /// Whether sign-up is closed.
    closed: bool,
    /// Whether this is the first sign-up, which is allowed even on a server that is closed to all others.
    first: bool,
) -> impl IntoView {
    view! {
        <Card>
            <h1>"Create account"</h1>
            {if closed {
                view! {
                    <p class="auth-lead">
                        "New accounts are by invitation only. Ask the person who runs this server for one."
                    </p>
                }
                .into_any()
            } else {
                view! {
                    {first.then(|| {
                        view! {
                            <p class="auth-lead">
                                "This server has no accounts yet. Create the first one now; after that, new accounts are by invitation only."
                            </p>
                        }
                    })}
                    <p class="auth-lead">
                        {format!("Create and manage keys for the {} API.", brand())}
                    </p>
                    <SignUpForm form=state minimum=u32::try_from(minimum).unwrap_or(u32::MAX)/>
                }
                .into_any()
            }}
            <p class="auth-alt">"Already have an account? "<a href=paths::SIGN_IN>"Sign in"</a></p>
        </Card>
    }
}

/// The form.
#[component]
fn SignUpForm(
    /// State of the form.
    form: FormState,
    /// Minimum length of a password, in characters.
    minimum: u32,
) -> impl IntoView {
    view! {
        <form class="form" method="post" action=paths::SIGN_UP novalidate>
            <FormMessage form=form.clone()/>
            <TextField form=form.clone() name="name" label="Name" autocomplete="name" most=PersonName::MAX autofocus=true/>
            <TextField form=form.clone() name="email" label="Email" kind="email" autocomplete="username"/>
            <TextField
                form=form.clone()
                name="password"
                label="Password"
                kind="password"
                autocomplete="new-password"
                hint=format!("{minimum} to {MAX_CHARACTERS} characters. A few uncommon words work well.")
            />
            <div class="form-actions">
                <SubmitButton label="Create account" class:wide=true/>
            </div>
        </form>
    }
}
