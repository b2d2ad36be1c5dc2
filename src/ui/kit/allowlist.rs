//! An allowlist in a cell: its first entry, and all of them on hover, on focus and for screen readers.

use leptos::prelude::*;

/// The cell's contents.
#[component]
pub fn AllowlistSummary(
    /// Ends the ids of this one.
    id: String,
    /// Each entry as it is kept.
    entries: Vec<String>,
) -> impl IntoView {
    let Some(first) = entries.first().cloned() else {
        return view! { <span class="quiet">"Any address"</span> }.into_any();
    };
    let others = entries.len() - 1;
    if others == 0 {
        return view! { <code class="entry">{first}</code> }.into_any();
    }
    let tip = format!("allowlist-{id}");
    // Many entries scroll: the keyboard must reach them too.
    let scrolls = (entries.len() > 8).then_some("0");
    let label = format!("All {} entries of the allowlist", entries.len());
    let all = entries
        .into_iter()
        .map(|entry| view! { <code>{entry}</code>" " })
        .collect_view();
    view! {
        <code class="entry">{first}</code>
        <span class="more">
            <button class="more-count" type="button" aria-describedby=tip.clone()>
                {format!("+{others}")}
                <span class="visually-hidden">{format!(" {label}")}</span>
            </button>
            <span class="tooltip" role="tooltip" id=tip tabindex=scrolls>{all}</span>
        </span>
    }
    .into_any()
}
