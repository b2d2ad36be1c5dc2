//! One of a few, side by side on a track.

use leptos::prelude::*;

/// A choice: its label, how much is there, where it leads, whether it is the present one.
#[derive(Clone, Debug)]
pub struct Segment {
    /// What it is called.
    pub label: &'static str,
    /// How much is there.
    pub count: u64,
    /// Where it leads.
    pub href: String,
    /// Whether the page shows it.
    pub is_current: bool,
}

/// The track.
#[component]
pub fn Segments(
    /// What is chosen.
    label: &'static str,
    /// The choices.
    segments: Vec<Segment>,
) -> impl IntoView {
    let links = segments
        .into_iter()
        .map(|segment| {
            view! {
                <a href=segment.href aria-current=segment.is_current.then_some("true")>
                    {segment.label}
                    " "
                    <span class="segment-count">{segment.count}</span>
                </a>
            }
        })
        .collect_view();
    view! { <nav class="segments" aria-label=label>{links}</nav> }
}
