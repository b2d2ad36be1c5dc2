//! `/home/create-team`.

use crate::{
    api::{teams::CreateTeam, wire::FormState},
    domain::{name::TeamName, paths},
    ui::{
        kit::{
            button::{Button, ButtonLink, Kind},
            field::{FormMessage, TextField},
            send::LiveForm,
        },
        layout::{Frame, FrameData},
    },
};
use leptos::{prelude::*, server_fn::ServerFn as _};
use std::sync::Arc;

/// The page.
#[component]
pub fn CreateTeamPage(
    /// What is around it.
    frame: FrameData,
    /// The form as it stands.
    form: FormState,
) -> impl IntoView {
    let form = Arc::new(form);
    view! {
        <Frame frame>
            <div class="narrow card">
                <h1>"Create team"</h1>
                <p class="auth-lead">
                    "A team has keys of its own. You are its primary owner; owners manage its keys, members see them."
                </p>
                <LiveForm function=CreateTeam::PATH.to_owned()>
                    <form class="form" method="post" action=paths::CREATE_TEAM novalidate autocomplete="off">
                        <FormMessage form=Arc::clone(&form)/>
                        <TextField
                            form=Arc::clone(&form)
                            name="name"
                            label="Name"
                            autocomplete="off"
                            maxlength=TeamName::MAX
                            autofocus=true
                            hint="As people call it: up to 64 characters."
                        />
                        <div class="form-actions">
                            <Button label="Create team" kind=Kind::Primary/>
                            <ButtonLink href="/".to_owned() label="Cancel"/>
                        </div>
                    </form>
                </LiveForm>
            </div>
        </Frame>
    }
}
