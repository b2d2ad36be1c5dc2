//! The dialogs that ask before something is done to one key, drawn open: their openers ask for the page with them.

use super::table::KeyRow;
use crate::{
    api::form::FormState,
    domain::grace,
    ui::kit::{
        field::{FieldError, FormMessage, SubmitButton, TextField},
        icon::{Drawing, Icon},
    },
};
use leptos::prelude::*;
use std::sync::Arc;

/// What is to be done.
#[derive(Clone, Debug)]
pub enum Ask {
    /// `Reissue secret`, for a key whose secret was lost before it was used (docs/security.md, S35).
    Reissue,
    /// `Rotate API key`; with it goes the prefix of an older key that stops at once, if there is one.
    Rotate(Option<String>),
    /// `Revoke API key`.
    Revoke,
    /// `Delete API key`, and so many rows of its request log.
    Delete(u64),
}

impl Ask {
    /// What the address calls it.
    const fn id(&self) -> &'static str {
        match self {
            Self::Reissue => "reissue",
            Self::Rotate(_) => "rotate",
            Self::Revoke => "revoke",
            Self::Delete(_) => "delete",
        }
    }

    const fn title(&self) -> &'static str {
        match self {
            Self::Reissue => "Reissue secret",
            Self::Rotate(_) => "Rotate API key",
            Self::Revoke => "Revoke API key",
            Self::Delete(_) => "Delete API key",
        }
    }

    const fn lead(&self) -> &'static str {
        match self {
            Self::Reissue => "For a key whose secret got lost before anybody used it.",
            Self::Rotate(_) => "Makes a replacement. The old key goes on working while you change over.",
            Self::Revoke => "Disables the key for good. There is no way back.",
            Self::Delete(_) => "Removes the key and its request log. There is no way back.",
        }
    }

    const fn button(&self) -> &'static str {
        match self {
            Self::Reissue => "Reissue secret",
            Self::Rotate(_) => "Rotate key",
            Self::Revoke => "Revoke key",
            Self::Delete(_) => "Delete key",
        }
    }

    const fn is_destructive(&self) -> bool {
        matches!(self, Self::Revoke | Self::Delete(_))
    }
}

/// What the dialog shows.
#[derive(Clone, Debug)]
pub struct QuestionData {
    /// What is to be done.
    pub ask: Ask,
    /// The key.
    pub key: KeyRow,
    /// The form as it stands.
    pub form: FormState,
}

/// The dialog.
#[component]
pub fn Question(
    /// What it shows.
    data: QuestionData,
    /// Slug of the account.
    account: String,
    /// Path of the page.
    page: String,
) -> impl IntoView {
    let QuestionData { ask, key, form } = data;
    let form = Arc::new(form);
    let (id, title, lead) = (ask.id(), ask.title(), ask.lead());
    let (button, class) = (ask.button(), if ask.is_destructive() { "danger" } else { "" });
    let heading = format!("{id}-title");
    let labelled_by = heading.clone();
    let close = format!("{page}#key-{}", key.id);
    let closer = format!("close-{id}");
    let fields = fields(&ask, &form);
    view! {
        <dialog id=id class="dialog" open aria-labelledby=labelled_by>
            <form
                class="dialog-form"
                id=format!("{id}-form")
                method="post"
                action=format!("{page}?dialog={id}")
                novalidate
            >
                <header class="dialog-head">
                    <h2 id=heading>{title}</h2>
                    <p>{lead}</p>
                </header>
                <div class="dialog-body">
                    <FormMessage form=Arc::clone(&form)/>
                    <input type="hidden" name="account" value=account/>
                    <input type="hidden" name="key" value=key.id/>
                    <input type="hidden" name="form_token" value=form.value("form_token")/>
                    <dl class="facts">
                        <div>
                            <dt>"Key"</dt>
                            <dd><bdi>{key.name}</bdi></dd>
                        </div>
                        <div>
                            <dt>"Prefix"</dt>
                            <dd><code>{key.prefix}"..."</code></dd>
                        </div>
                        <div>
                            <dt>"Permissions"</dt>
                            <dd>{key.about}</dd>
                        </div>
                    </dl>
                    {fields}
                    <p class="notice notice-warning">
                        <Drawing icon=Icon::Warning/>
                        <span>{consequence(&ask)}</span>
                    </p>
                </div>
                <footer class="dialog-foot">
                    <button class="button" type="submit" form=closer.clone() autofocus>"Cancel"</button>
                    <SubmitButton label=button class/>
                </footer>
            </form>
            <form id=closer method="get" action=close></form>
        </dialog>
    }
}

fn consequence(ask: &Ask) -> String {
    match ask {
        Ask::Reissue => {
            "The secret it has now stops working at once. The new one is shown on the next screen, once."
                .to_owned()
        }
        Ask::Rotate(stops) => {
            let new =
                "The new key has the same name, scopes and allowlist. It is shown on the next screen, once.";
            match stops {
                Some(prefix) => {
                    format!("An older key of this chain, {prefix}..., still works and stops now. {new}")
                }
                None => new.to_owned(),
            }
        }
        Ask::Revoke => {
            "Programs that use it are refused from their next request on. Its log and its row stay."
                .to_owned()
        }
        Ask::Delete(0) => {
            "Programs that use it are refused from their next request on. The activity of the account stays."
                .to_owned()
        }
        Ask::Delete(rows) => format!(
            "Programs that use it are refused from their next request on. {rows} row{} of its request log go with it; the activity of the account stays.",
            if *rows == 1 { "" } else { "s" }
        ),
    }
}

fn fields(ask: &Ask, form: &Arc<FormState>) -> Option<AnyView> {
    let form = Arc::clone(form);
    match ask {
        Ask::Reissue => None,
        Ask::Rotate(_) => Some(view! { <GraceField form/> }.into_any()),
        Ask::Revoke => Some(
            view! {
                <TextField
                    form
                    name="reason"
                    label="Reason (optional)"
                    autocomplete="off"
                    required=false
                    maxlength=200
                    hint="Kept in the activity of the account. Never put a secret here."
                />
            }
            .into_any(),
        ),
        Ask::Delete(_) => Some(
            view! {
                <TextField
                    form
                    name="confirm_name"
                    label="Name of the key"
                    autocomplete="off"
                    hint="Type the name as it stands above, to be sure that it is the right one."
                />
            }
            .into_any(),
        ),
    }
}

#[component]
fn GraceField(form: Arc<FormState>) -> impl IntoView {
    let chosen = form.value("grace");
    let invalid = form.errors().get("grace").map(|_| "true");
    let options = grace::CHOICES
        .into_iter()
        .map(|hours| {
            let value = hours.to_string();
            let selected = value == chosen;
            view! { <option value=value selected=selected>{grace::label(hours)}</option> }
        })
        .collect_view();
    view! {
        <div class="field">
            <label for="grace">"Grace period"</label>
            <select id="grace" name="grace" aria-invalid=invalid aria-describedby="grace-hint grace-error">
                {options}
            </select>
            <p class="field-hint" id="grace-hint">
                "How long the old key goes on working, though never past its own expiry. Then it stops by itself."
            </p>
            <FieldError form name="grace"/>
        </div>
    }
}
