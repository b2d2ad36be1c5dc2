//! The dialog `Add API key`, drawn by the server; `dialogs` opens it and sends it in place.

use super::{
    CreateData,
    expires::ExpiresField,
    list_view::{ListView, ViewFields},
    permissions::Permissions,
};
use crate::{
    api::wire::{AllowlistReading, FormState},
    domain::{
        name::KeyName,
        network::{self, Allowlist},
        paths,
    },
    ui::kit::{
        button::{Button, Kind},
        dialog::{Dialog, DialogFoot, DialogHead},
        field::{FieldError, FormMessage, TextField, described_by, starts_at},
    },
};
use leptos::prelude::*;
use std::sync::Arc;

/// Id of the dialog.
pub const DIALOG: &str = "create-key";
/// Id of the field `IP allowlist (optional)`.
pub const ALLOWLIST: &str = "allowlist";
/// Id of the list that says what an allowlist covers.
pub const READING: &str = "allowlist-reading";

/// The dialog.
#[component]
pub fn CreateForm(
    /// The form, and what can be chosen in it.
    create: CreateData,
    /// Slug of the account.
    account: String,
    /// The list behind it.
    view: ListView,
    /// Whether it is drawn open, for browsers without scripts.
    open: bool,
) -> impl IntoView {
    let CreateData {
        form,
        presets,
        scopes,
        address,
        days,
    } = create;
    let form = Arc::new(form);
    let token = form.value("form_token");
    let about = paths::scopes(&account);
    let page = view.page.clone();
    view! {
        <Dialog id=DIALOG open titled_by="create-key-title">
            <form
                class="dialog-form"
                id="create-key-form"
                method="post"
                action=view.with("dialog", "create")
                novalidate
                autocomplete="off"
            >
                <DialogHead id="create-key-title" title="Add API key">
                    "You will see the key once, on the next screen."
                </DialogHead>
                <div class="dialog-body">
                    <FormMessage form=Arc::clone(&form)/>
                    <input type="hidden" name="account" value=account/>
                    <input type="hidden" name="form_token" value=token/>
                    <TextField
                        form=Arc::clone(&form)
                        name="name"
                        label="Name"
                        autocomplete="off"
                        maxlength=KeyName::MAX
                        autofocus=true
                        hint="Say where it runs: prod-api-worker, dev-frontend, staging-monitor."
                    />
                    <Permissions form=Arc::clone(&form) presets scopes about/>
                    <ExpiresField form=Arc::clone(&form) days/>
                    <AllowlistField form=Arc::clone(&form) address/>
                    <TextField
                        form=Arc::clone(&form)
                        name="rate_limit"
                        label="Rate limit (optional)"
                        inputmode="numeric"
                        autocomplete="off"
                        required=false
                        hint="Requests a minute for this key alone. All keys of the account share its own limit."
                    />
                </div>
                <DialogFoot>
                    <Button label="Cancel" attr:form="close-create-key" attr:data-closes=DIALOG/>
                    <Button label="Add" kind=Kind::Primary/>
                </DialogFoot>
            </form>
            // Without scripts, `Cancel` asks for the page without the dialog.
            <form id="close-create-key" method="get" action=page data-stays>
                <ViewFields view/>
            </form>
        </Dialog>
    }
}

#[component]
fn AllowlistField(form: Arc<FormState>, address: Option<String>) -> impl IntoView {
    let typed = form.value(ALLOWLIST);
    let invalid = form.errors().get(ALLOWLIST).map(|_| "true");
    // Of a form that comes back; while it is filled in, `dialogs` asks.
    let reading = Allowlist::parse(&typed).map_or_else(|_| AllowlistReading::default(), Into::into);
    let unread = reading.lines.is_empty();
    let sentences = reading
        .sentences()
        .map(|sentence| view! { <li>{sentence.clone()}</li> })
        .collect_view();
    let address = address.map(|address| {
        view! {
            <p class="your-address">
                "Your address now is "
                <code>{address.clone()}</code>
                <span data-needs-script hidden>
                    ": "
                    <Button label="add it" kind=Kind::Link acts="button" attr:data-adds=address/>
                </span>
            </p>
        }
    });
    view! {
        <div class="field">
            <div class="field-head">
                <label for=ALLOWLIST>"IP allowlist (optional)"</label>
            </div>
            <textarea
                id=ALLOWLIST
                name=ALLOWLIST
                rows="2"
                // More is refused with all that was typed in the other fields.
                maxlength=network::MAX_BYTES
                autocomplete="off"
                spellcheck="false"
                autocapitalize="off"
                autofocus=starts_at(&form, ALLOWLIST, false)
                aria-invalid=invalid
                aria-describedby=described_by(ALLOWLIST)
            >
                {typed}
            </textarea>
            <p class="field-hint" id="allowlist-hint">
                "Comma-separated IPs. Leave empty to allow all IPs. CIDR blocks such as 203.0.113.0/24 count as one of up to 50 entries."
            </p>
            // Announced: the server is asked when the focus leaves the field.
            <div role="status"><FieldError form=Arc::clone(&form) name=ALLOWLIST/></div>
            {address}
            <div role="status"><ul class="reading" id=READING hidden=unread>{sentences}</ul></div>
        </div>
    }
}
