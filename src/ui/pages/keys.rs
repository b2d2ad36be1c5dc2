//! The page `API keys`.

mod create;
mod presets;
mod reveal;
mod table;
mod view;

pub use create::CreateKey;
pub use reveal::{KeptKey, RepeatedForm};
pub use table::KeyRow;

use super::super::{
    kit::icon::{Drawing, Icon},
    layout::{Frame, Person},
};
use crate::{
    api::{form::FormState, keys::CreatedKey},
    domain::time::Timestamp,
};
use leptos::prelude::*;
use presets::PresetCards;
use std::sync::Arc;
use table::KeyTable;

/// A preset in the dialog.
#[derive(Clone, Debug)]
pub struct PresetChoice {
    /// Machine name.
    pub id: String,
    /// Name for people.
    pub label: String,
    /// The vendor's sentence.
    pub description: String,
    /// The scopes behind it, in words.
    pub scopes: String,
}

/// Which dialog the page is drawn with; scripts open them without asking for a page.
#[derive(Debug)]
pub enum CreateDialog {
    /// None.
    Closed,
    /// `Add API key`.
    Open,
    /// `View API key`: the only page that holds this secret.
    Created(Arc<CreatedKey>),
    /// The form was sent before; the sentence says so.
    Repeated(&'static str),
}

/// Everything on the page.
#[derive(Debug)]
pub struct KeysPageData {
    /// Whose page it is.
    pub person: Person,
    /// Slug of the account.
    pub slug: String,
    /// Presets in the order of the dialog.
    pub presets: Vec<PresetChoice>,
    /// Newest first.
    pub rows: Vec<KeyRow>,
    /// How many keys there are in all.
    pub total: u64,
    /// When the page is drawn.
    pub now: Timestamp,
    /// The form of `Add API key`.
    pub form: FormState,
    /// Which dialog is open.
    pub dialog: CreateDialog,
}

/// The page.
#[component]
pub fn KeysPage(
    /// Everything on it.
    data: Arc<KeysPageData>,
) -> impl IntoView {
    let page = format!("/home/{}/api-keys", data.slug);
    let inert = !matches!(data.dialog, CreateDialog::Closed);
    let open = matches!(data.dialog, CreateDialog::Open);
    let result = match &data.dialog {
        CreateDialog::Created(created) => {
            Some(view! { <KeptKey created=Arc::clone(created) page=page.clone()/> }.into_any())
        }
        CreateDialog::Repeated(sentence) => {
            Some(view! { <RepeatedForm sentence page=page.clone()/> }.into_any())
        }
        CreateDialog::Closed | CreateDialog::Open => None,
    };
    let (account, presets, form) = (data.slug.clone(), data.presets.clone(), data.form.clone());
    view! {
        <Frame person=data.person.clone() slug=data.slug.clone() inert>
            <header class="page-head">
                <div class="page-title">
                    <h1>"API keys"</h1>
                    <p>"Keys let your programs call the API. Each is shown once, when it is made."</p>
                </div>
                <div class="page-actions">
                    <Opener/>
                </div>
            </header>
            <KeyTable data=Arc::clone(&data)/>
        </Frame>
        {result}
        <CreateKey account form=form.clone() open>
            <PresetCards presets chosen=form.value("preset") autofocus=form.errors().first() == Some("preset")/>
        </CreateKey>
    }
}

/// The button `Create API key`: without scripts it asks for the page with the dialog open.
#[component]
pub fn Opener() -> impl IntoView {
    view! {
        <form class="opener" method="get" data-opens="create-key">
            <input type="hidden" name="dialog" value="create"/>
            <button class="button primary" type="submit">
                <Drawing icon=Icon::Plus/>
                "Create API key"
            </button>
        </form>
    }
}
