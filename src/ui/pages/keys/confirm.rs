//! Confirmation dialogs of actions on keys, rendered open: a button loads the page with the dialog.

use super::{
    list_view::{ListView, ViewFields},
    row::KeyRow,
};
use crate::{
    api::{
        keys::{ChangeGrace, DeleteKeys, ReissueSecret, RevokeKeys, RotateKey},
        wire::FormState,
    },
    domain::{grace, time::Timestamp},
    ui::kit::{
        button::{Button, Kind, SubmitButton},
        dialog::{Dialog, DialogFoot, DialogHead},
        field::{FormMessage, SelectField, TextField},
        moment::PhraseText,
        notice::{Notice, Tone},
        panel::Fact,
        send::navigates,
    },
};
use leptos::{prelude::*, server_fn::ServerFn as _};

/// Value of the query parameter `from` when the dialog was opened on the key's page.
pub const DETAIL: &str = "detail";

/// The action to confirm.
#[derive(Clone, Debug)]
pub enum Ask {
    /// `Reissue secret`, for a key whose secret was lost before its first use (docs/security.md, S35).
    Reissue,
    /// `Rotate API key`. Carries the prefix of an older key in its grace period, which this rotation stops at
    /// once.
    Rotate(Option<String>),
    /// `Change grace period`. Carries the choices: hours since the rotation, and the resulting end.
    ChangeGrace(Vec<(u64, Timestamp)>),
    /// `Revoke API key`.
    Revoke,
    /// `Delete API key`.
    Delete {
        /// Rows of the request log that are deleted with it; `None` if counting timed out.
        rows: Option<u64>,
        /// The text that the person has to type.
        confirmation: String,
    },
}

impl Ask {
    /// Its name in the query.
    const fn id(&self) -> &'static str {
        match self {
            Self::Reissue => "reissue",
            Self::Rotate(_) => "rotate",
            Self::ChangeGrace(_) => "grace",
            Self::Revoke => "revoke",
            Self::Delete { .. } => "delete",
        }
    }

    /// Path of its server function.
    const fn function(&self) -> &'static str {
        match self {
            Self::Reissue => ReissueSecret::PATH,
            Self::Rotate(_) => RotateKey::PATH,
            Self::ChangeGrace(_) => navigates::<ChangeGrace>(),
            Self::Revoke => navigates::<RevokeKeys>(),
            Self::Delete { .. } => navigates::<DeleteKeys>(),
        }
    }

    const fn title(&self, several: bool) -> &'static str {
        match self {
            Self::Reissue => "Reissue secret",
            Self::Rotate(_) => "Rotate API key",
            Self::ChangeGrace(_) => "Change grace period",
            Self::Revoke if several => "Revoke API keys",
            Self::Revoke => "Revoke API key",
            Self::Delete { .. } if several => "Delete API keys",
            Self::Delete { .. } => "Delete API key",
        }
    }

    const fn lead(&self, several: bool) -> &'static str {
        match self {
            Self::Reissue => "For a key whose secret got lost before anybody used it.",
            Self::Rotate(_) => "Makes a replacement. The old key goes on working while you change over.",
            Self::ChangeGrace(_) => "This key was replaced. It goes on working until its grace period ends.",
            Self::Revoke if several => "Stops the programs that use them, for good. There is no way back.",
            Self::Revoke => "Stops the programs that use it, for good. There is no way back.",
            Self::Delete { .. } if several => {
                "Removes the keys and their request logs. There is no way back."
            }
            Self::Delete { .. } => "Removes the key and its request log. There is no way back.",
        }
    }

    const fn button(&self, several: bool) -> &'static str {
        match self {
            Self::Reissue => "Reissue secret",
            Self::Rotate(_) => "Rotate key",
            Self::ChangeGrace(_) => "Change grace period",
            Self::Revoke if several => "Revoke keys",
            Self::Revoke => "Revoke key",
            Self::Delete { .. } if several => "Delete keys",
            Self::Delete { .. } => "Delete key",
        }
    }

    const fn is_destructive(&self) -> bool {
        matches!(self, Self::Revoke | Self::Delete { .. })
    }
}

/// Data of the dialog.
#[derive(Clone, Debug)]
pub struct QuestionData {
    /// The action to confirm.
    pub ask: Ask,
    /// The keys: one, or several to revoke or delete together.
    pub keys: Vec<KeyRow>,
    /// State of the form.
    pub form: FormState,
    /// Path of the key's page if the dialog was opened there: `Cancel` returns to it.
    pub from: Option<String>,
    /// The time at which the page is rendered.
    pub now: Timestamp,
}

/// The dialog.
#[component]
pub fn Question(
    /// Its data.
    data: QuestionData,
    /// Slug of the account.
    account: String,
    /// The list behind it.
    view: ListView,
) -> impl IntoView {
    let QuestionData {
        ask,
        keys,
        form,
        from,
        now,
    } = data;
    let several = keys.len() > 1;
    let (id, title, lead) = (ask.id(), ask.title(several), ask.lead(several));
    let kind = if ask.is_destructive() {
        Kind::Danger
    } else {
        Kind::Primary
    };
    let button = ask.button(several);
    let heading = format!("{id}-title");
    let titled_by = heading.clone();
    let dialog = format!("{id}-key");
    let closer = format!("close-{dialog}");
    let cancels = closer.clone();
    let fields = fields(&ask, &form);
    let warning = consequence(&ask, several);
    // Revoking and deleting take a list of ids.
    let name = if ask.is_destructive() { "keys[]" } else { "key" };
    let fields_of_keys = keys
        .iter()
        .map(|key| view! { <input type="hidden" name=name value=key.id.clone()/> })
        .collect_view();
    let mut action = view.with("dialog", id);
    if from.is_some() {
        action = format!("{action}&from={DETAIL}");
    }
    let ids: Vec<_> = keys.iter().map(|key| key.id.clone()).collect();
    let next = view.after(&ids);
    let back = match (&from, ids.as_slice()) {
        (Some(_), _) => None,
        (None, [id]) => Some(view.row(id)),
        (None, _) => Some(view.page.clone()),
    };
    let list = back.is_some().then(|| view! { <ViewFields view/> });
    view! {
        <Dialog id=dialog titled_by>
            <form
                class="dialog-form"
                id=format!("{id}-form")
                method="post"
                action=action
                data-function=ask.function()
                data-next=next
                novalidate
            >
                <DialogHead id=heading title>{lead}</DialogHead>
                <div class="dialog-body">
                    <FormMessage form=form.clone()/>
                    <input type="hidden" name="account" value=account/>
                    {fields_of_keys}
                    <input type="hidden" name="form_token" value=form.value("form_token")/>
                    <Facts keys now/>
                    {fields}
                    <Notice tone=Tone::Warning>{warning}</Notice>
                </div>
                <DialogFoot>
                    <Button label="Cancel" attr:form=cancels attr:autofocus=true/>
                    <SubmitButton label=button kind/>
                </DialogFoot>
            </form>
            <form id=closer method="get" action=back.or(from)>{list}</form>
        </Dialog>
    }
}

/// The key that the dialog is about, or the list of them.
#[component]
fn Facts(keys: Vec<KeyRow>, now: Timestamp) -> impl IntoView {
    if let [key] = keys.as_slice() {
        let key = key.clone();
        let used = key.usage.map(|phrase| {
            view! { <Fact name="Use"><PhraseText phrase now/></Fact> }
        });
        return view! {
            <dl class="facts">
                <Fact name="Key"><bdi>{key.name}</bdi></Fact>
                <Fact name="Prefix"><code>{key.prefix}"..."</code></Fact>
                <Fact name="Permissions"><PhraseText phrase=key.about now/></Fact>
                {used}
            </dl>
        }
        .into_any();
    }
    let items = keys
        .into_iter()
        .map(|key| {
            view! {
                <li>
                    <bdi>{key.name}</bdi>
                    <code>{key.prefix}"..."</code>
                    <span>{key.status.label()}</span>
                </li>
            }
        })
        .collect_view();
    // A long list scrolls, so it must take the keyboard focus.
    view! { <ul class="key-list" tabindex="0" aria-label="Keys">{items}</ul> }.into_any()
}

fn consequence(ask: &Ask, several: bool) -> String {
    match ask {
        Ask::Reissue => {
            "The secret it has now stops working at once. The new one is shown on the next screen, once."
                .to_owned()
        }
        Ask::Rotate(stops) => {
            let new =
                "The new key has the same name, scopes, allowlist and rate limit. It is shown on the next screen, once.";
            match stops {
                Some(prefix) => {
                    format!("An older key of this chain, {prefix}..., still works and stops now. {new}")
                }
                None => new.to_owned(),
            }
        }
        Ask::ChangeGrace(_) => {
            "Once it has stopped it cannot be made to work again. Look at its use before you stop it.".to_owned()
        }
        Ask::Revoke if several => {
            "Programs that use them are refused from their next request on. Keys that have ended already stay as they are."
                .to_owned()
        }
        Ask::Revoke => {
            "Programs that use it are refused from their next request on. Its log and its row stay."
                .to_owned()
        }
        Ask::Delete { rows, .. } => {
            let logs = match rows {
                None => "The request log goes with it".to_owned(),
                Some(0) => "There are no log rows to go with it".to_owned(),
                Some(1) => "1 row of the request log goes with it".to_owned(),
                Some(rows) => format!("{rows} rows of the request log go with it"),
            };
            format!("Programs are refused from their next request on. {logs}; the activity of the account stays.")
        }
    }
}

fn fields(ask: &Ask, form: &FormState) -> Option<AnyView> {
    let form = form.clone();
    match ask {
        Ask::Reissue => None,
        Ask::Rotate(_) => {
            let options = grace::CHOICES
                .map(|hours| (hours.to_string(), grace::label(hours)))
                .to_vec();
            let hint = "How long the old key goes on working, though never past its own expiry. Then it stops by itself.";
            Some(view! { <SelectField form name="grace" label="Grace period" options hint/> }.into_any())
        }
        Ask::ChangeGrace(ends) => {
            let choice = |&(hours, end): &(u64, Timestamp)| {
                let label = match hours {
                    0 => "Stop it now".to_owned(),
                    hours => format!("{} from the rotation: {}", grace::label(hours), end.exact()),
                };
                (hours.to_string(), label)
            };
            let options = ends.iter().map(choice).collect();
            let hint = "At most 168 hours from the rotation, and never past its own expiry.";
            Some(view! { <SelectField form name="grace" label="Grace period" options hint/> }.into_any())
        }
        Ask::Revoke => Some(
            view! {
                <TextField
                    form
                    name="reason"
                    label="Reason (optional)"
                    autocomplete="off"
                    required=false
                    most=200
                    hint="Kept in the activity of the account. Never put a secret here."
                />
            }
            .into_any(),
        ),
        Ask::Delete { confirmation, .. } => {
            let hint = format!("Type: {confirmation}");
            Some(
                view! { <TextField form name="confirm" label="To be sure" autocomplete="off" hint/> }
                    .into_any(),
            )
        }
    }
}
