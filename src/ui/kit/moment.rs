//! A moment as people say it, with the exact one on hover and for screen readers.

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
