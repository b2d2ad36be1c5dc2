//! Times. The server renders relative times such as `3 minutes ago`, with the exact time in UTC in the tooltip. The
//! script of the page (public/page.js) updates them every minute and writes exact times in the reader's time zone.

use crate::domain::time::Timestamp;
use leptos::prelude::*;

/// The relative time, or `Never`. One element, because a long table has hundreds of them. A click or tap shows the
/// exact time instead, and [`ExactTimes`] does so for the whole page.
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
            <time datetime=at.iso_second() title=at.exact()>
                {if now < at { at.ahead(now) } else { at.relative(now) }}
            </time>
        }
        .into_any(),
    }
}

/// The button that shows every time of the page exactly. Needs scripts; without them it is hidden. At most one on a
/// page.
#[component]
pub fn ExactTimes() -> impl IntoView {
    view! {
        <button class="link exact-times" type="button" data-toggles="times" aria-pressed="false" hidden>
            "Exact times"
        </button>
    }
}

/// The exact time in the reader's time zone, after the same time in UTC: ` (your time: 1 Feb 2027, 08:59:59 GMT+9)`.
/// Written by the script, with the space before it; empty where local time is UTC.
#[component]
pub fn YourTime(
    /// The time.
    at: Timestamp,
) -> impl IntoView {
    your_time(at.iso_second())
}

/// The same for a time in ISO 8601.
pub fn your_time(at: String) -> impl IntoView {
    view! { <span data-local=at></span> }
}

/// The same for the end of the UTC day in a date field. Updated while the field is filled in.
#[component]
pub fn YourEndOf(
    /// Id of the date field.
    field: &'static str,
) -> impl IntoView {
    view! { <span data-end-of=field></span> }
}

/// A text that can contain a relative time: `Full Access · expires`, and the expiry.
#[derive(Clone, Debug)]
pub struct Phrase {
    /// The text.
    pub words: String,
    /// The time after it.
    pub at: Option<Timestamp>,
    /// What follows the time.
    pub end: Option<&'static str>,
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
