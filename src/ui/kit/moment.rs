//! Relative times such as `3 minutes ago`, with the exact time in the tooltip and for screen readers.

use crate::domain::time::Timestamp;
use leptos::prelude::*;

/// The relative time, or `Never`.
#[component]
pub fn Moment(
    /// The time, if there is one.
    at: Option<Timestamp>,
    /// The time at which the page is rendered.
    now: Timestamp,
) -> impl IntoView {
    match at {
        None => view! { <span class="quiet">"Never"</span> }.into_any(),
        Some(at) => view! {
            <time datetime=at.iso() title=at.exact()>
                {if now < at { at.ahead(now) } else { at.relative(now) }}
                <span class="visually-hidden">{format!(", {}", at.exact())}</span>
            </time>
        }
        .into_any(),
    }
}

/// A text that can contain a relative time: `Full Access · expires`, and the expiry.
#[derive(Clone, Debug)]
pub struct Phrase {
    /// The text.
    pub words: String,
    /// The time after it.
    pub at: Option<Timestamp>,
    /// What follows the time.
    pub end: &'static str,
}

/// Renders a phrase: `Full Access · expires in 61 days`.
#[component]
pub fn PhraseText(
    /// The phrase.
    phrase: Phrase,
    /// The time at which the page is rendered.
    now: Timestamp,
) -> impl IntoView {
    let Phrase { words, at, end } = phrase;
    view! {
        {words}
        {at.map(|at| view! { " "<Moment at=Some(at) now/>{end} })}
    }
}
