//! `/sign-in`.

use crate::{
    api::wire::FormState,
    domain::paths,
    ui::{
        document::brand,
        kit::{
            button::SubmitButton,
            field::{FormMessage, TextField},
            notice::{Notice, Tone},
        },
        layout::Card,
    },
};
use leptos::prelude::*;

/// Why a person is on the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// They want to sign in.
    Wanted,
    /// They asked for a page that needs sign-in.
    Asked,
    /// Their session has ended.
    Ended,
    /// They signed out.
    SignedOut,
}

impl Why {
    const fn notice(self) -> Option<(Tone, &'static str)> {
        match self {
            Self::Wanted | Self::Asked => None,
            Self::Ended => Some((Tone::Warning, "Your session has ended. Sign in to go on.")),
            Self::SignedOut => Some((Tone::Good, "You have signed out.")),
        }
    }
}

/// The page. Its form is a plain one: the page needs no island.
#[component]
pub fn SignInPage(
    /// State of the form.
    state: FormState,
    /// Why the person is here.
    why: Why,
    /// Whether to link to sign-up.
    may_sign_up: bool,
) -> impl IntoView {
    let lead = if why == Why::Asked {
        "Sign in to see this page.".to_owned()
    } else {
        format!("Manage the API keys of your {} account.", brand())
    };
    view! {
        <Card>
            <h1>"Sign in"</h1>
            <p class="auth-lead">{lead}</p>
            {why.notice().map(|(tone, sentence)| view! { <Notice tone class="auth-notice">{sentence}</Notice> })}
            <SignInForm form=state/>
            <p class="auth-alt">"Forgotten your password? Ask the person who runs this server."</p>
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
    // After a refusal the address is there, and the password has to be typed again.
    let again = form.message().is_some() && !form.value("email").is_empty();
    view! {
        <form class="form" method="post" action=paths::SIGN_IN novalidate>
            <FormMessage form=form.clone()/>
            <input type="hidden" name="next" value=form.value("next")/>
            <TextField form=form.clone() name="email" label="Email" kind="email" autocomplete="username" autofocus=!again/>
            <TextField form=form.clone() name="password" label="Password" kind="password" autocomplete="current-password" autofocus=again/>
            <div class="form-actions">
                <SubmitButton label="Sign in" class:wide=true/>
            </div>
        </form>
    }
}
