//! `/home/create-team`.

use crate::{
    api::{teams::CreateTeam, wire::FormState},
    domain::{name::TeamName, paths},
    ui::{
        kit::{
            button::{ButtonLink, SubmitButton},
            field::{FormMessage, TextField},
            send::{LiveForms, navigates},
        },
        layout::{Frame, FrameData},
    },
};
use leptos::prelude::*;

/// The page.
#[component]
pub fn CreateTeamPage(
    /// Data of the frame.
    frame: FrameData,
    /// State of the form.
    form: FormState,
) -> impl IntoView {
    let function = navigates::<CreateTeam>();
    view! {
        <Frame frame>
            <div class="narrow card">
                <h1>"Create team"</h1>
                <p class="auth-lead">
                    "A team has keys of its own. You are its primary owner; owners manage its keys, members see them."
                </p>
                <LiveForms>
                    <form
                        class="form"
                        method="post"
                        action=paths::CREATE_TEAM
                        data-function=function
                        novalidate
                        autocomplete="off"
                    >
                        <FormMessage form=form.clone()/>
                        <TextField
                            form=form.clone()
                            name="name"
                            label="Name"
                            autocomplete="off"
                            most=TeamName::MAX
                            autofocus=true
                            hint="As people call it: up to 64 characters."
                        />
                        <div class="form-actions">
                            <SubmitButton label="Create team"/>
                            <ButtonLink href="/".to_owned() label="Cancel"/>
                        </div>
                    </form>
                </LiveForms>
            </div>
        </Frame>
    }
}
