//! A segmented control: one choice of a few, side by side.

use crate::domain::number::grouped;
use leptos::prelude::*;

/// Id of the current segment. The links lead to it, so that the focus stays in the control when the page is loaded.
const CURRENT: &str = "segment";

/// A segment.
#[derive(Clone, Debug)]
pub struct Segment {
    /// Label.
    pub label: &'static str,
    /// Number of rows in it.
    pub count: u64,
    /// Path of its page.
    pub href: String,
    /// Whether it is the current one.
    pub is_current: bool,
}

/// The control.
#[component]
pub fn Segments(
    /// Accessible name.
    label: &'static str,
    /// The segments.
    segments: Vec<Segment>,
) -> impl IntoView {
    let links = segments
        .into_iter()
        .map(|segment| {
            view! {
                <a
                    id=segment.is_current.then_some(CURRENT)
                    href=format!("{}#{CURRENT}", segment.href)
                    aria-current=segment.is_current.then_some("true")
                >
                    {segment.label}
                    " "
                    <span class="segment-count">{grouped(segment.count)}</span>
                </a>
            }
        })
        .collect_view();
    view! { <nav class="segments" aria-label=label>{links}</nav> }
}
