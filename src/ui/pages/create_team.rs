//! `/home/create-team`.

use crate::{
    api::wire::FormState,
    domain::{name::TeamName, paths},
    ui::{
        kit::{
            button::{ButtonLink, SubmitButton},
            field::{FormMessage, TextField},
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
    view! {
        <Frame frame>
            <div class="narrow card">
                <h1>"Create team"</h1>
                <p class="auth-lead">
                    "A team has its own keys. You will be the primary owner. Owners manage keys, members can view them."
                </p>
                <form class="form" method="post" action=paths::CREATE_TEAM novalidate autocomplete="off">
                    <FormMessage form=form.clone()/>
                    <TextField
                        form=form.clone()
                        name="name"
                        label="Name"
                        autocomplete="off"
                        most=TeamName::MAX
                        autofocus=true
                        hint=format!(
                            "Up to {} characters. The team's web address comes from its name. If it is taken, a suffix is added, so \
                             others can tell that the name exists.",
                            TeamName::MAX,
                        )
                    />
                    <div class="form-actions">
                        <SubmitButton label="Create team"/>
                        <ButtonLink href="/".to_owned() label="Cancel"/>
                    </div>
                </form>
                <p class="auth-alt">
                    "To add members, ask the person who runs this server to run "
                    <code translate="no">"babysea member add"</code> "."
                </p>
            </div>
        </Frame>
    }
}
