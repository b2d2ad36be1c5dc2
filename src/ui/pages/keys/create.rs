//! The dialog `Add API key`, rendered by the server. `dialogs` opens it and sends its form in place.

use super::{
    CreateData, DETAIL,
    expires::ExpiresField,
    list_view::{ListView, ViewFields},
    permissions::Permissions,
    summary::SummaryLine,
};
use crate::{
    api::{
        keys::CreateKey,
        wire::{AllowlistReading, FormState},
    },
    domain::{name::KeyName, network::Allowlist, paths},
    ui::kit::{
        button::{Button, Kind, SubmitButton},
        dialog::{Dialog, DialogFoot, DialogHead, lead_id},
        field::{FieldError, FormMessage, TextField, described_by, starts_at},
    },
};
use leptos::{prelude::*, server_fn::ServerFn as _};

/// Id of the dialog.
pub const DIALOG: &str = "create-key";
/// Id of the field `IP allowlist (optional)`.
pub const ALLOWLIST: &str = "allowlist";
/// Id of the list that shows how the allowlist is parsed.
pub const READING: &str = "allowlist-reading";

/// The dialog.
#[component]
pub fn CreateForm(
    /// The form and its choices.
    create: CreateData,
    /// Slug of the account.
    account: String,
    /// The list behind it.
    view: ListView,
    /// Whether it is rendered open, for browsers without scripts.
    open: bool,
) -> impl IntoView {
    let CreateData {
        form,
        presets,
        scopes,
        address,
        days,
    } = create;
    let token = form.value("form_token");
    // A form that was filled in from another key.
    let (like, like_id, back) = (form.value("like"), form.value("like_id"), form.value("back"));
    let mut action = view.with("dialog", "create");
    if !like_id.is_empty() {
        action = format!("{action}&like={like_id}");
        if !back.is_empty() {
            action = format!("{action}&from={DETAIL}");
        }
    }
    let lead = if like.is_empty() {
        "You will see the key once, on the next screen.".into_any()
    } else {
        view! { "Same settings as "<bdi translate="no">{like.clone()}</bdi>". Enter a name, and change what should differ." }
            .into_any()
    };
    // Filled in from another key it is of use once: closing removes it, and scripts get an empty one. The focus
    // goes back to the row of that key.
    let (once, row) = if like.is_empty() {
        (None, None)
    } else {
        (Some(""), Some(format!("key-{}", form.value("like_id"))))
    };
    let summary = view! { <SummaryLine form=form.clone() presets=presets.clone() scopes=scopes.clone()/> };
    let about = paths::scopes(&account);
    // Rendered open by the list, for the page of the key.
    let leaves = (open && !back.is_empty()).then_some("");
    let closes = leaves.is_none().then_some(DIALOG);
    let (page, fields) = if back.is_empty() {
        (view.page.clone(), view.clone())
    } else {
        (back, ListView::default())
    };
    view! {
        <Dialog
            id=DIALOG
            open
            titled_by="create-key-title"
            described_by=lead_id("create-key-title")
            attr:data-fetched=once
            attr:data-row=row
        >
            <form
                class="dialog-form"
                id="create-key-form"
                method="post"
                action=action
                data-function=CreateKey::PATH
                novalidate
                autocomplete="off"
            >
                <DialogHead id="create-key-title" title="Add API key">
                    {lead}
                </DialogHead>
                <div class="dialog-body">
                    <FormMessage form=form.clone()/>
                    <input type="hidden" name="account" value=account/>
                    <input type="hidden" name="form_token" value=token/>
                    <TextField
                        form=form.clone()
                        name="name"
                        label="Name"
                        autocomplete="off"
                        most=KeyName::MAX
                        autofocus=true
                        hint="Say where it runs: prod-api-worker, dev-frontend, staging-monitor."
                    />
                    <Permissions form=form.clone() presets scopes about/>
                    <ExpiresField form=form.clone() days/>
                    <AllowlistField form=form.clone() address/>
                    <TextField
                        form=form.clone()
                        name="rate_limit"
                        label="Rate limit (optional)"
                        inputmode="numeric"
                        autocomplete="off"
                        required=false
                        hint="Requests per minute for this key. The account limit applies as well."
                    />
                    {summary}
                </div>
                <DialogFoot>
                    <Button label="Cancel" attr:form="close-create-key" attr:data-closes=closes/>
                    <SubmitButton label="Add"/>
                </DialogFoot>
            </form>
            // Without scripts, `Cancel` loads the page without the dialog.
            <form id="close-create-key" method="get" action=page data-leaves=leaves data-replaces=leaves>
                <ViewFields view=fields/>
            </form>
        </Dialog>
    }
}

#[component]
fn AllowlistField(form: FormState, address: Option<String>) -> impl IntoView {
    let typed = form.value(ALLOWLIST);
    let invalid = form.errors().get(ALLOWLIST).map(|_| "true");
    // For a form that was refused and is shown again. While the person types, `dialogs` calls the server
    // function.
    let reading = Allowlist::parse(&typed).map_or_else(|_| AllowlistReading::default(), Into::into);
    let unread = reading.lines.is_empty();
    let sentences = reading
        .sentences()
        .map(|sentence| view! { <li>{sentence.clone()}</li> })
        .collect_view();
    let address = address.map(|address| {
        view! {
            <p class="your-address">
                "Your current IP is "
                <code translate="no">{address.clone()}</code>
                <span data-needs-script hidden>
                    ". "
                    <Button label="Add it" kind=Kind::Link acts="button" attr:data-adds=address/>
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
                autocomplete="off"
                spellcheck="false"
                autocapitalize="off"
                autofocus=starts_at(&form, ALLOWLIST, false)
                aria-invalid=invalid
                aria-describedby=described_by(ALLOWLIST)
                translate="no"
            >
                {typed}
            </textarea>
            <p class="field-hint" id="allowlist-hint">
                "Comma-separated IPs. Leave empty to allow all IPs. Up to 50 addresses or CIDR blocks."
            </p>
            // Announced, because its content changes when the focus leaves the field.
            <div role="status"><FieldError form=form.clone() name=ALLOWLIST/></div>
            {address}
            <div role="status"><ul class="reading" id=READING hidden=unread>{sentences}</ul></div>
        </div>
    }
}
