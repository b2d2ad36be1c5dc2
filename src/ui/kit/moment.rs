//! A moment as people say it, with the exact one on hover and for screen readers, alone or at the end of some words.

use crate::domain::time::Timestamp;
use leptos::prelude::*;

/// The moment, or `Never`.
#[component]
pub fn Moment(
    /// The moment, if there was one.
    at: Option<Timestamp>,
    /// When the page is drawn.
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

/// Words, and the moment that they end with, if they do: `Full Access · expires`, and a moment to come.
#[derive(Clone, Debug)]
pub struct Phrase {
    /// The words.
    pub words: String,
    /// The moment.
    pub at: Option<Timestamp>,
}

/// The words and the moment: `Full Access · expires in 61 days`.
#[component]
pub fn Told(
    /// What is said.
    phrase: Phrase,
    /// When the page is drawn.
    now: Timestamp,
) -> impl IntoView {
    let Phrase { words, at } = phrase;
    view! {
        {words}
        {at.map(|at| view! { " "<Moment at=Some(at) now/> })}
    }
}
