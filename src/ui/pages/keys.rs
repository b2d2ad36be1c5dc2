//! The page `API keys`.

mod confirm;
mod create;
mod dialogs;
mod ended;
mod expires;
mod facts;
mod how_to_use;
mod list_view;
mod live_list;
mod menu;
mod permissions;
mod reading;
mod reveal;
mod reveal_dialog;
mod reveal_page;
mod row;
mod summary;
mod table;
mod toolbar;

pub use confirm::{Ask, DETAIL, OldEnd, Older, Question, QuestionData};
pub use create::CreateForm;
pub use dialogs::{Dialogs, KeyDialogs};
pub use ended::{Ended, EndedData};
pub use facts::Replacement;
pub use list_view::ListView;
pub use permissions::{PresetChoice, ScopeChoice};
pub use row::KeyRow;
pub use toolbar::{Found, ListLinks};

use super::super::{
    kit::{
        button::{Button, IconButton, Kind, disabled_because},
        icon::{Drawing, Icon},
        moment::Moment,
        notice::{ActionNotice, Notice, Tone},
        pager::Pager,
        panel::PageHead,
    },
    layout::{Frame, FrameData},
};
use crate::{
    api::wire::{FormState, RevealedKey},
    domain::time::Timestamp,
};
use leptos::prelude::*;
use list_view::ViewFields;
use reveal_page::{KeptKey, RepeatedForm};
use std::sync::Arc;
use table::KeyTable;
use toolbar::Toolbar;

/// Which dialog the server renders. With scripts, `Add API key` opens without a request.
#[derive(Debug)]
pub enum KeyDialog {
    /// None.
    Closed,
    /// `Add API key`.
    Create,
    /// The confirmation of an action on keys.
    Question(Box<QuestionData>),
    /// `View API key`: the only page that contains this secret.
    Revealed {
        /// The key.
        key: Arc<RevealedKey>,
        /// Path of the key's page, if the form was opened there.
        back: Option<String>,
    },
    /// The form was already submitted.
    Repeated {
        /// Id of the key whose secret can be reissued, if there is one.
        reissue: Option<String>,
        /// Path of the key's page, if the form was opened there.
        back: Option<String>,
    },
    /// The action is no longer possible.
    Ended(EndedData),
}

/// The form `Add API key`, and its choices.
#[derive(Clone, Debug)]
pub struct CreateData {
    /// State of the form.
    pub form: FormState,
    /// Presets in the order of the dialog.
    pub presets: Vec<PresetChoice>,
    /// Every scope, for `Custom`.
    pub scopes: Vec<ScopeChoice>,
    /// The client's address, if it is known.
    pub address: Option<String>,
    /// The first and the last day that a key may expire on.
    pub days: (String, String),
}

/// Data of the page.
#[derive(Debug)]
pub struct KeysPageData {
    /// Data of the frame.
    pub frame: FrameData,
    /// The current view of the list.
    pub view: ListView,
    /// Keys on this page, newest first.
    pub rows: Vec<KeyRow>,
    /// The key that was just created, if it is not among the rows.
    pub elsewhere: Option<KeyRow>,
    /// The current search.
    pub search: String,
    /// What search and filter found.
    pub found: Found,
    /// Links and forms that change the view.
    pub links: ListLinks,
    /// Pagination.
    pub pager: Pager,
    /// Whether the account has no key at all, regardless of search and filter.
    pub is_empty: bool,
    /// The time at which the page is rendered.
    pub now: Timestamp,
    /// Keys that were reported as leaked and are not yet acknowledged.
    pub leaks: Vec<Leak>,
    /// The form `Add API key`, if the viewer may create keys.
    pub create: Option<CreateData>,
    /// The dialog that is open.
    pub dialog: KeyDialog,
}

/// The page.
#[component]
pub fn KeysPage(
    /// Its data.
    data: Arc<KeysPageData>,
) -> impl IntoView {
    let (view, opener_view) = (data.view.clone(), data.view.clone());
    let may_create = data.create.is_some();
    let frame = data.frame.clone();
    let (full, account, owner) = (frame.full, frame.account.slug.clone(), frame.owner.clone());
    let result = match &data.dialog {
        KeyDialog::Revealed { key, back } => {
            let (revealed, back) = (Arc::clone(key), back.clone());
            Some(view! { <KeptKey revealed view=view.clone() back/> }.into_any())
        }
        KeyDialog::Repeated { reissue, back } => {
            let (reissue, back) = (reissue.clone(), back.clone());
            Some(view! { <RepeatedForm reissue view=view.clone() back/> }.into_any())
        }
        KeyDialog::Closed | KeyDialog::Create | KeyDialog::Question(_) | KeyDialog::Ended(_) => None,
    };
    let leaks = data
        .leaks
        .iter()
        .cloned()
        .map(|leak| view! { <LeakNotice leak view=view.clone() now=data.now may_manage=may_create/> })
        .collect_view();
    let elsewhere = data.elsewhere.clone().map(|key| view! { <MadeElsewhere key/> });
    let dialogs = data.create.clone().map(|create| {
        let open = matches!(data.dialog, KeyDialog::Create);
        let question = match &data.dialog {
            KeyDialog::Question(question) => Some(QuestionData::clone(question)),
            _ => None,
        };
        let ended = match &data.dialog {
            KeyDialog::Ended(data) => Some(data.clone()),
            _ => None,
        };
        view! {
            <Dialogs view=view.clone()>
                <CreateForm create account=account.clone() view=view.clone() open/>
                {question.map(|data| view! { <Question data account=account.clone() view=view.clone()/> })}
                {ended.map(|data| view! { <Ended data view=view.clone()/> })}
            </Dialogs>
        }
    });
    // The empty state has the button.
    let actions = if data.is_empty {
        ().into_any()
    } else {
        view! {
            <div class="page-actions">
                <FullView full links=data.links.clone()/>
                <Opener may_create view=opener_view/>
            </div>
        }
        .into_any()
    };
    view! {
        <Frame frame>
            <PageHead title="API keys" actions>
                <p>"API keys let your programs call the API. You see each key only once, when you create it."</p>
                {(!may_create).then(|| view! { <ReadOnlyNote owner/> })}
            </PageHead>
            {leaks}
            {elsewhere}
            {(!data.is_empty).then(|| view! { <Toolbar search=data.search.clone() found=data.found links=data.links.clone()/> })}
            <KeyTable data=Arc::clone(&data)/>
        </Frame>
        {result}
        {dialogs}
    }
}

/// A key that was revoked by a leak report.
#[derive(Clone, Debug)]
pub struct Leak {
    /// Id.
    pub id: String,
    /// Name.
    pub name: String,
    /// The shown part of its text: the prefix and five random characters.
    pub prefix: String,
    /// Path of its page.
    pub href: String,
    /// When it was reported.
    pub reported_at: Timestamp,
}

#[component]
fn LeakNotice(leak: Leak, view: ListView, now: Timestamp, may_manage: bool) -> impl IntoView {
    let Leak {
        id,
        name,
        prefix,
        href,
        reported_at,
    } = leak;
    let label = format!("Acknowledge the leak of {name}");
    let region = format!("Leaked key {name}");
    let action = view! {
        <form method="post" action=view.with("dialog", "leak")>
            <input type="hidden" name="key" value=id/>
            <Button {..disabled_because(read_only(may_manage))} label="Acknowledge" attr:aria-label=label/>
        </form>
    }
    .into_any();
    view! {
        <ActionNotice tone=Tone::Bad label=region class="page-notice" action>
            <a href=href><bdi translate="no">{name}</bdi></a>
            " ("<span translate="no">{prefix}"..."</span>") was reported as leaked "
            <Moment at=Some(reported_at) now/>
            " and has been revoked. Replace it where it was used."
        </ActionNotice>
    }
}

/// Notice about a new key that is not among the rows. Like a row, it takes the focus after `Done`, which
/// leads to its id.
#[component]
fn MadeElsewhere(key: KeyRow) -> impl IntoView {
    view! {
        <Notice tone=Tone::Good class="page-notice" id=format!("key-{}", key.id)>
            <a href=key.href><bdi translate="no">{key.name}</bdi></a>
            " ("<span translate="no">{key.prefix}"..."</span>") is not among the keys shown here."
        </Notice>
    }
}

/// Id of the sentence that explains to members why their buttons are disabled.
const READ_ONLY: &str = "read-only";

/// Why a button is disabled for members: the id of that sentence. `None` for owners.
#[must_use]
pub fn read_only(may_manage: bool) -> Option<&'static str> {
    (!may_manage).then_some(READ_ONLY)
}

/// That sentence.
#[component]
pub fn ReadOnlyNote(
    /// Name of the primary owner.
    owner: Option<String>,
) -> impl IntoView {
    let such_as = owner.map(|owner| view! { ", such as "<bdi translate="no">{owner}</bdi> });
    view! {
        <p class="read-only-note" id=READ_ONLY>
            <Drawing icon=Icon::Lock/>
            <span>
                "You can view keys. Only team owners can create or change them"
                {such_as}
                "."
            </span>
        </p>
    }
}

/// The button `Create API key`. Without scripts it loads the page with the dialog open.
#[component]
fn Opener(
    /// Whether the viewer may create keys.
    may_create: bool,
    /// The list behind the dialog.
    view: ListView,
) -> impl IntoView {
    view! {
        <form class="opener" method="get" data-opens="create-key">
            <ViewFields view/>
            <input type="hidden" name="dialog" value="create"/>
            <Button
                {..disabled_because(read_only(may_create))}
                label="Create API key"
                kind=Kind::Primary
                icon=Icon::Plus
            />
        </form>
    }
}

/// The button that switches the table between full and normal width.
#[component]
fn FullView(full: bool, links: ListLinks) -> impl IntoView {
    let (label, icon) = if full {
        ("Close full view", Icon::Shrink)
    } else {
        ("Open full view", Icon::Expand)
    };
    let fields = links
        .full_fields
        .into_iter()
        .map(|(name, value)| view! { <input type="hidden" name=name value=value/> })
        .collect_view();
    view! {
        <form class="full-view" class:is-open=full method="get">
            {fields}
            <IconButton label icon/>
        </form>
    }
}
