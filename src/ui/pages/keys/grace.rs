//! The field `Grace period` of a rotation.

use crate::{
    api::wire::FormState,
    domain::{grace, time::Timestamp},
    ui::kit::{
        field::{FieldError, Select},
        moment::YourTime,
    },
};
use leptos::prelude::*;

/// When the old key stops if it is rotated now.
#[derive(Clone, Copy, Debug)]
pub struct OldEnd {
    /// Hours of the grace period.
    pub hours: u64,
    /// When the key stops.
    pub end: Timestamp,
    /// Whether it stops then because it expires.
    pub is_expiry: bool,
}

/// The grace period of a rotation. The hint says when the old key stops; it has a sentence for each choice,
/// and the style sheet shows that of the chosen one.
#[component]
pub fn Grace(
    /// The form.
    form: FormState,
    /// The choices.
    ends: Vec<OldEnd>,
    /// The time at which the page is rendered.
    now: Timestamp,
) -> impl IntoView {
    let options = ends
        .iter()
        .map(|end| (end.hours.to_string(), grace::label(end.hours)))
        .collect();
    let sentences = ends
        .into_iter()
        .map(
            |OldEnd {
                 hours,
                 end,
                 is_expiry,
             }| {
                let because = if is_expiry { ", when it expires" } else { "" };
                let text = format!(
                    "The old key stops on {} at {}{because}.",
                    end.short_day(now),
                    end.hour()
                );
                view! { <span class=format!("ends-{hours}")>{text}" "<YourTime at=end/></span> }
            },
        )
        .collect_view();
    view! {
        <div class="field grace">
            <label for="grace">"Grace period"</label>
            <Select form=form.clone() name="grace" options/>
            <p class="field-hint" id="grace-hint">{sentences}</p>
            <FieldError form name="grace"/>
        </div>
    }
}
