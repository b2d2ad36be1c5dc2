//! `How to use it`, below a new key: a tab for each way. The key in it is masked whenever the value above is.

use crate::ui::kit::{
    button::Kind,
    copy::{CopyButton, CopyStatus},
    snippet::Snippet,
    tabs::TabList,
};
use leptos::prelude::*;

/// The tabs and their panel, which `reveal` fills.
#[component]
pub fn Usage() -> impl IntoView {
    view! {
        <section class="usage">
            <h3 id="usage-title">"How to use it"</h3>
            <TabList labelled_by="usage-title" controls="snippet"/>
            <div class="tab-panel" id="snippet" role="tabpanel" data-slot="panel">
                <Snippet text="" id="snippet-text"/>
                <div class="snippet-foot">
                    <p class="field-hint" data-slot="note"></p>
                    <CopyButton
                        status="snippet-copied"
                        kind=Kind::Quiet
                        refused="The browser does not let this page copy. Show the value, then select the text."
                        attr:data-reveal="copy-snippet"
                    />
                </div>
                <CopyStatus id="snippet-copied"/>
            </div>
        </section>
    }
}
