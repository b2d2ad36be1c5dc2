//! An allowlist in a table cell: its first entry, and a tooltip with all of them on hover and focus. Screen
//! readers get all entries.

use super::dom::each;
use leptos::{
    ev,
    prelude::*,
    wasm_bindgen::JsCast as _,
    web_sys::{Event, Node},
};

/// The cell's contents.
#[component]
pub fn AllowlistSummary(
    /// Suffix for the ids of this cell's elements.
    id: String,
    /// The entries in their stored form.
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
    // A long list scrolls, so it must take the keyboard focus.
    let scrolls = (entries.len() > 8).then_some("0");
    let label = format!("All {} entries of the allowlist", entries.len());
    let all = entries
        .into_iter()
        .map(|entry| view! { <code>{entry}</code>" " })
        .collect_view();
    view! {
        <code class="entry">{first}</code>
        <span class="more" data-tip>
            <button class="more-count" type="button" aria-describedby=tip.clone()>
                {format!("+{others}")}
                <span class="visually-hidden">{format!(" {label}")}</span>
            </button>
            <span class="tooltip" role="tooltip" id=tip tabindex=scrolls>{all}</span>
        </span>
    }
    .into_any()
}

/// Escape hides the open tooltip wherever the focus is, until the pointer or the focus leaves it (WCAG 2.2,
/// 1.4.13).
#[island]
pub fn DismissTooltips() -> impl IntoView {
    window_event_listener(ev::keydown, |event| {
        if event.key() == "Escape" {
            each("[data-tip]:is(:hover, :focus-within)", &mut |tip| {
                let _ = tip.set_attribute("data-dismissed", "");
            });
        }
    });
    window_event_listener(ev::mouseover, |event| left(&event));
    window_event_listener(ev::focusin, |event| left(&event));
}

/// Lets a dismissed tooltip open again, after the pointer or the focus has left it.
fn left(event: &Event) {
    let at = event.target().and_then(|target| target.dyn_into::<Node>().ok());
    each("[data-dismissed]", &mut |tip| {
        if !tip.contains(at.as_ref()) {
            let _ = tip.remove_attribute("data-dismissed");
        }
    });
}
