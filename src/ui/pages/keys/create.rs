//! The dialog `Add API key`, and what follows it.

use super::view::ViewKey;
use crate::{
    api::{
        form::FormState,
        keys::{CreateKey as CreateKeyFunction, CreatedKey},
    },
    domain::name::KeyName,
    ui::kit::form::{FormHandle, FormMessage, SubmitButton, TextField},
};
use leptos::{
    ev, html,
    prelude::*,
    wasm_bindgen::JsCast as _,
    web_sys::{Element, HtmlElement},
};

/// Both dialogs of making a key.
#[island]
pub fn CreateKey(
    /// Slug of the account.
    account: String,
    /// The form as it stands.
    form: FormState,
    /// Whether it is drawn open, for browsers without scripts.
    open: bool,
    /// The presets to choose from; they do not change, so they are no part of the module.
    children: Children,
) -> impl IntoView {
    let form = FormHandle::new(form);
    let created = RwSignal::new(None::<CreatedKey>);
    let dialog = NodeRef::<html::Dialog>::new();
    let page = format!("/home/{account}/api-keys");

    // What the server drew open becomes a real modal dialog, and what it made inert comes back to life.
    Effect::new(move || {
        if let (true, Some(dialog)) = (open, dialog.get()) {
            if let Ok(Some(frame)) = document().query_selector(".frame[inert]") {
                let _ = frame.remove_attribute("inert");
            }
            dialog.close();
            // Closing a modal dialog gives the focus back to where it was.
            let opener = document()
                .query_selector("[data-opens=create-key] button")
                .ok()
                .flatten();
            if let Some(opener) = opener.and_then(|button| button.dyn_into::<HtmlElement>().ok()) {
                let _ = opener.focus();
            }
            let _ = dialog.show_modal();
        }
    });
    // The openers are drawn by the server, outside of this island.
    window_event_listener(ev::submit, move |event| {
        let opener = event
            .target()
            .and_then(|target| target.dyn_into::<Element>().ok());
        if opener.is_some_and(|form| form.get_attribute("data-opens").as_deref() == Some("create-key"))
            && let Some(dialog) = dialog.get_untracked()
        {
            event.prevent_default();
            let _ = dialog.show_modal();
        }
    });
    let close = move |event: ev::MouseEvent| {
        if let Some(dialog) = dialog.get_untracked() {
            event.prevent_default();
            dialog.close();
        }
    };
    let submit = move |event: ev::SubmitEvent| {
        form.submit::<CreateKeyFunction>(&event, move |key| {
            form.reset_pending();
            if let Some(dialog) = dialog.get_untracked() {
                dialog.close();
            }
            created.set(Some(key));
        });
    };

    view! {
        <dialog
            class="dialog"
            node_ref=dialog
            open=open
            aria-labelledby="create-key-title"
            on:close=move |_: ev::Event| form.forget_errors()
        >
            <form
                class="dialog-form"
                method="post"
                action=format!("{page}?dialog=create")
                novalidate
                autocomplete="off"
                on:submit=submit
            >
                <header class="dialog-head">
                    <h2 id="create-key-title">"Add API key"</h2>
                    <p>"You will see the key once, on the next screen."</p>
                </header>
                <div class="dialog-body">
                    <FormMessage form/>
                    <input type="hidden" name="account" value=account/>
                    <input type="hidden" name="form_token" value=form.value("form_token")/>
                    <TextField
                        form
                        name="name"
                        label="Name"
                        autocomplete="off"
                        maxlength=KeyName::MAX
                        autofocus=true
                        hint="Say where it runs: prod-api-worker, dev-frontend, staging-monitor."
                    />
                    <Permissions form>{children()}</Permissions>
                </div>
                <footer class="dialog-foot">
                    <button class="button" type="submit" form="close-create-key" on:click=close>"Cancel"</button>
                    <SubmitButton form label="Add"/>
                </footer>
            </form>
            // Without scripts, `Cancel` asks for the page without the dialog.
            <form id="close-create-key" method="get" action=page.clone()></form>
        </dialog>
        <ViewKey created page/>
    }
}

#[component]
fn Permissions(form: FormHandle, children: Children) -> impl IntoView {
    let error = form.error("preset");
    view! {
        <fieldset
            class="field choices"
            role="radiogroup"
            aria-required="true"
            aria-invalid=move || error().map(|_| "true")
            aria-describedby="preset-error"
        >
            <legend>"Permissions"</legend>
            {children()}
            <p class="field-error" id="preset-error" hidden=move || error().is_none()>
                {error}
            </p>
        </fieldset>
    }
}
