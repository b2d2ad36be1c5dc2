//! `How to use it`, below a new key: a tab for each way, and the command that tells whether the key works. The key in
//! them is as hidden as the value above.

use super::view::{Progress, masked};
use crate::{
    api::keys::RevealedKey,
    domain::snippet::{KEY, Snippet, Trial},
    ui::kit::{
        copy::write_clipboard,
        tabs::{TabList, tab_id},
    },
};
use leptos::{prelude::*, task::spawn_local};

fn secret(revealed: RwSignal<Option<RevealedKey>>) -> String {
    revealed.with(|key| {
        key.as_ref()
            .map(|key| key.secret.expose().to_owned())
            .unwrap_or_default()
    })
}

/// A text with the key in it, as hidden as the value.
fn filled(revealed: RwSignal<Option<RevealedKey>>, progress: Progress, text: &str) -> String {
    let secret = secret(revealed);
    let key = if progress.shown.get() {
        secret
    } else {
        masked(&secret)
    };
    text.replace(KEY, &key)
}

/// The two sections.
#[component]
pub fn Usage(
    /// The key, while it is shown.
    revealed: RwSignal<Option<RevealedKey>>,
    /// The tabs.
    snippets: Vec<Snippet>,
    /// The command, if there is one.
    trial: Option<Trial>,
    /// What became of the key so far.
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
        let text = of_chosen(|snippet| &snippet.text).replace(KEY, &secret(revealed));
        spawn_local(async move {
            if write_clipboard(&text).await {
                progress.kept.set(true);
                progress.asking.set(false);
                note.set("With the key, on the clipboard.");
            } else {
                note.set("The browser does not let this page copy. Show the value, then select the text.");
            }
        });
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
                <pre class="snippet" tabindex="0"><code>{move || filled(revealed, progress, &of_chosen(|snippet| &snippet.text))}</code></pre>
                <div class="snippet-foot">
                    <p class="field-hint" role="status">
                        {move || if note.get().is_empty() { of_chosen(|snippet| &snippet.note) } else { note.get().to_owned() }}
                    </p>
                    <button class="button quiet" type="button" on:click=copy>"To clipboard"</button>
                </div>
            </div>
        </section>
        {trial.map(|trial| view! { <TrialCommand revealed trial progress/> })}
    }
}

/// The command that tells whether the key works.
#[component]
fn TrialCommand(revealed: RwSignal<Option<RevealedKey>>, trial: Trial, progress: Progress) -> impl IntoView {
    let command = trial.command;
    view! {
        <section class="usage usage-test">
            <h3>"Test it"</h3>
            <pre class="snippet" tabindex="0"><code>{move || filled(revealed, progress, &command)}</code></pre>
            <p class="field-hint">"Expected: "{trial.expected}</p>
        </section>
    }
}
