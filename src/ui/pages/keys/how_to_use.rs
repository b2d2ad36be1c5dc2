//! `How to use it`, below a new key: a tab for each way, and the test command. The key in them is masked
//! whenever the value above is.

use crate::{
    domain::snippet::{KEY, Snippet, Trial},
    ui::kit::{
        copy::write_clipboard,
        secret::Progress,
        snippet::{Snippet, SnippetFoot},
        tabs::{TabList, tab_id},
    },
};
use leptos::{prelude::*, task::spawn_local};

/// Inserts the key into a text, masked like the value above.
fn filled(text: &str, secret: String, progress: Progress) -> String {
    text.replace(KEY, &progress.readable(secret))
}

/// The tabs and the test command.
#[component]
pub fn Usage(
    /// The key; empty once the dialog is closed.
    secret: impl Fn() -> String + Copy + Send + Sync + 'static,
    /// The tabs.
    snippets: Vec<Snippet>,
    /// The test command, if the key's scopes open a route.
    trial: Option<Trial>,
    /// State of the dialog.
    progress: Progress,
) -> impl IntoView {
    let chosen = RwSignal::new(0_usize);
    let note = RwSignal::new("");
    let choose = move |n| {
        chosen.set(n);
        note.set("");
    };
    let snippets = StoredValue::new(snippets);
    let of_chosen = move |part: fn(&Snippet) -> &String| {
        snippets.with_value(|all| {
            all.get(chosen.get())
                .map(|snippet| part(snippet).clone())
                .unwrap_or_default()
        })
    };
    let labels = snippets.with_value(|all| {
        all.iter()
            .map(|snippet| snippet.label.clone())
            .collect::<Vec<_>>()
    });
    let copy = move |_| {
        let text = of_chosen(|snippet| &snippet.text).replace(KEY, &secret());
        spawn_local(async move {
            if write_clipboard(&text).await {
                progress.keep();
                note.set("With the key, on the clipboard.");
            } else {
                note.set("The browser does not let this page copy. Show the value, then select the text.");
            }
        });
    };
    let said = move || match note.get() {
        "" => of_chosen(|snippet| &snippet.note),
        note => note.to_owned(),
    };
    view! {
        <section class="usage">
            <h3 id="usage-title">"How to use it"</h3>
            <TabList labelled_by="usage-title" controls="snippet" labels chosen choose/>
            <div
                class="tab-panel"
                id="snippet"
                role="tabpanel"
                aria-labelledby=move || tab_id(chosen.get())
            >
                <Snippet text=move || filled(&of_chosen(|snippet| &snippet.text), secret(), progress)/>
                <SnippetFoot note=said copy/>
            </div>
        </section>
        {trial.map(|trial| view! { <TrialCommand secret trial progress/> })}
    }
}

/// The test command.
#[component]
fn TrialCommand(
    secret: impl Fn() -> String + Send + Sync + 'static,
    trial: Trial,
    progress: Progress,
) -> impl IntoView {
    let command = trial.command;
    view! {
        <section class="usage usage-test">
            <h3>"Test it"</h3>
            <Snippet text=move || filled(&command, secret(), progress)/>
            <p class="field-hint">"Expected: "{trial.expected}</p>
        </section>
    }
}
