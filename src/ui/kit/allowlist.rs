//! An allowlist in a cell: its first entry, and all of them on hover, on focus and for screen readers.

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

/// Escape hides the tooltip that is open, wherever the focus is, until the pointer or the focus has been elsewhere
/// (WCAG 2.2, 1.4.13).
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

/// Forgets what was dismissed, once something happens outside of it.
fn left(event: &Event) {
    let at = event.target().and_then(|target| target.dyn_into::<Node>().ok());
    each("[data-dismissed]", &mut |tip| {
        if !tip.contains(at.as_ref()) {
            let _ = tip.remove_attribute("data-dismissed");
        }
    });
}
