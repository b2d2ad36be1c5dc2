//! Confirmation dialogs of actions on keys: rendered open in a page, or as a fragment that scripts open in place.

mod ask;
mod consequence;

pub use ask::{Ask, OldEnd, Older};

use super::{
    facts::Facts,
    list_view::{ListView, ViewFields},
    row::KeyRow,
};
use crate::{
    api::wire::FormState,
    domain::{grace, key::recent_use::RecentUse, paths, time::Timestamp},
    ui::kit::{
        button::{Button, Kind, SubmitButton},
        dialog::{Dialog, DialogFoot, DialogHead, lead_id},
        field::{FieldError, FormMessage, Select, TextField},
        moment::{PhraseText, YourTime},
        notice::{Notice, Tone},
    },
};
use consequence::{Warning, consequence};
use leptos::prelude::*;

/// Value of the query parameter `from` when the dialog was opened on the key's page.
pub const DETAIL: &str = "detail";

/// Data of the dialog.
#[derive(Clone, Debug)]
pub struct QuestionData {
    /// The action to confirm.
    pub ask: Ask,
    /// The keys: one, or several to revoke or delete together.
    pub keys: Vec<KeyRow>,
    /// Their recent use, in the same order; `None` if it could not be counted in time.
    pub uses: Vec<Option<RecentUse>>,
    /// Whether all uses up to now are stored. If not, a key without a use may have one.
    pub is_flushed: bool,
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
    /// Whether it is a fragment for scripts, which open it over the page that is there.
    #[prop(optional)]
    in_place: bool,
) -> impl IntoView {
    let QuestionData {
        ask,
        keys,
        uses,
        is_flushed,
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
    let submit = match ask {
        // The style sheet shows the label of what is chosen.
        Ask::ChangeGrace { .. } => view! {
            <Button
                label=view! { <span class="if-later">{ask.button(several)}</span><span class="if-now">"Stop key now"</span> }
                kind
                attr:data-submits=true
            />
        }
        .into_any(),
        _ => view! { <SubmitButton label=ask.button(several) kind/> }.into_any(),
    };
    let heading = format!("{id}-title");
    let titled_by = heading.clone();
    let dialog = format!("{id}-key");
    let closer = format!("close-{dialog}");
    let cancels = closer.clone();
    let (fields, function) = (fields(&ask, &form, now), ask.function());
    let statuses: Vec<_> = keys.iter().map(|key| key.status).collect();
    let last_used_at = keys.first().and_then(|key| key.last_used_at);
    let warning = consequence(&ask, &statuses, &uses, last_used_at, is_flushed);
    let warning = warning.map(
        |warning| view! { <WarningNotice id=format!("{id}-warning") class=only_now(&ask) warning now/> },
    );
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
    let again = again(&view, id, &ids, from.is_some());
    let next = next(&ask, &view, &ids, from.as_ref());
    // With scripts, `Cancel` closes the dialog where it was opened.
    let in_page = (in_place || from.is_none()).then(|| dialog.clone());
    let leaves = in_page.is_none().then_some("");
    let described_by = match &warning {
        Some(_) => format!("{} {id}-warning", lead_id(&heading)),
        None => lead_id(&heading),
    };
    // What has to be typed comes first; Return does nothing before.
    let starts_at_title = !matches!(ask, Ask::Delete { .. });
    let back = match (&from, ids.as_slice()) {
        (Some(_), _) => None,
        (None, [id]) => Some(view.row(id)),
        (None, _) => Some(view.page.clone()),
    };
    let list = back.is_some().then(|| view! { <ViewFields view/> });
    // The warning must be in view, however long the names and however small the screen. So it is beside what has the
    // focus, and nothing above the chosen grace period moves when it appears.
    let facts = view! { <Facts ask=ask.clone() keys uses now/> }.into_any();
    let body = match ask {
        Ask::ChangeGrace { .. } => view! { <div>{fields}{warning}</div>{facts} }.into_any(),
        Ask::Delete { .. } => view! { {facts}{warning}{fields} }.into_any(),
        Ask::Reissue | Ask::Rotate { .. } | Ask::Revoke => view! { {warning}{facts}{fields} }.into_any(),
    };
    view! {
        <Dialog id=dialog titled_by described_by open=!in_place>
            <form
                class="dialog-form"
                id=format!("{id}-form")
                method="post"
                action=action
                data-function=function
                data-next=next
                data-again=again
                novalidate
            >
                <DialogHead id=heading title autofocus=starts_at_title>{lead}</DialogHead>
                <div class="dialog-body">
                    <FormMessage form=form.clone()/>
                    <input type="hidden" name="account" value=account/>
                    {fields_of_keys}
                    <input type="hidden" name="form_token" value=form.value("form_token")/>
                    {body}
                </div>
                <DialogFoot>
                    <Button label="Cancel" attr:form=cancels attr:data-closes=in_page/>
                    {submit}
                </DialogFoot>
            </form>
            <form id=closer method="get" action=back.or(from) data-leaves=leaves>{list}</form>
        </Dialog>
    }
}

#[component]
fn WarningNotice(id: String, class: &'static str, warning: Warning, now: Timestamp) -> impl IntoView {
    let Warning { prefix, words } = warning;
    let prefix = prefix.map(|prefix| view! { <span translate="no">{prefix}"..."</span> });
    view! {
        <div class="dialog-warning" id=id>
            <Notice tone=Tone::Warning class=class>
                {prefix}
                <PhraseText phrase=words now/>
            </Notice>
        </div>
    }
}

/// Class of a warning that belongs to the choice `Stop it now` alone.
const fn only_now(ask: &Ask) -> &'static str {
    if matches!(ask, Ask::ChangeGrace { .. }) {
        "if-now"
    } else {
        ""
    }
}

/// Query of the dialog: it is asked for again if its keys have changed meanwhile.
fn again(view: &ListView, dialog: &str, ids: &[String], is_from_detail: bool) -> String {
    let mut query = format!("dialog={dialog}");
    for id in ids {
        query.push_str("&keys[]=");
        query.push_str(id);
    }
    if is_from_detail {
        query.push_str("&from=");
        query.push_str(DETAIL);
    }
    if let Some((_, list)) = view.href.split_once('?') {
        query.push('&');
        query.push_str(list);
    }
    query
}

/// The page that follows: where the dialog was opened, or the list. After an action that shows a secret,
/// `View API key` leads to the list by itself.
fn next(ask: &Ask, view: &ListView, ids: &[String], from: Option<&String>) -> Option<String> {
    let from = from.map(|page| format!("{page}#{}", paths::STATUS));
    match ask {
        Ask::Reissue | Ask::Rotate { .. } => from,
        Ask::Delete { .. } => Some(view.after_deletion()),
        Ask::ChangeGrace { .. } | Ask::Revoke => Some(from.unwrap_or_else(|| view.after(ids))),
    }
}

fn fields(ask: &Ask, form: &FormState, now: Timestamp) -> Option<AnyView> {
    let form = form.clone();
    match ask {
        Ask::Reissue => None,
        Ask::Rotate { ends, .. } => {
            let options = ends
                .iter()
                .map(|end| (end.hours.to_string(), grace::label(end.hours)))
                .collect();
            Some(view! { <Grace form options ends=ends.clone() now/> }.into_any())
        }
        Ask::ChangeGrace { ends, .. } => {
            let choice = |&OldEnd {
                              hours,
                              end,
                              is_expiry,
                          }: &OldEnd| {
                let label = match hours {
                    0 => "Stop it now".to_owned(),
                    // Short enough for a phone: a select element cuts what does not fit.
                    _ if is_expiry => format!("{} (expiry)", end.short(now)),
                    hours => format!("{} ({hours} h)", end.short(now)),
                };
                (hours.to_string(), label)
            };
            let options = ends.iter().map(choice).collect();
            let rule = " Hours are counted from the rotation. No later than 7 days after it, or the key's own expiry.";
            Some(view! { <Grace form options ends=ends.clone() rule now/> }.into_any())
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
                    hint="Shown in Activity. Do not paste secrets."
                />
            }
            .into_any(),
        ),
        Ask::Delete { confirmation } => {
            let confirmation = confirmation.clone();
            let label =
                view! { "Type "<bdi translate="no" class="to-type">{confirmation}</bdi>" to confirm" };
            Some(
                view! { <TextField form name="confirm" label autocomplete="off" autofocus=true/> }.into_any(),
            )
        }
    }
}

/// The grace period of a rotation. The hint says when the old key stops; it has a sentence for each choice but
/// `Stop it now`, and the style sheet shows that of the chosen one.
#[component]
fn Grace(
    form: FormState,
    options: Vec<(String, String)>,
    ends: Vec<OldEnd>,
    /// What follows these sentences.
    #[prop(optional)]
    rule: Option<&'static str>,
    now: Timestamp,
) -> impl IntoView {
    let sentences = ends
        .into_iter()
        .filter(|end| end.hours > 0)
        .map(
            |OldEnd {
                 hours,
                 end,
                 is_expiry,
             }| {
                let because = if is_expiry { ", when it expires" } else { "" };
                let text = format!(
                    "The old key stops on {} at {}{because}.",
                    end.short_day(now),
                    end.hour()
                );
                view! { <span class=format!("ends-{hours}")>{text}<YourTime at=end/></span> }
            },
        )
        .collect_view();
    view! {
        <div class="field grace">
            <label for="grace">"Grace period"</label>
            <Select form=form.clone() name="grace" options/>
            <p class="field-hint" id="grace-hint">{sentences}{rule}</p>
            <FieldError form name="grace"/>
        </div>
    }
}
