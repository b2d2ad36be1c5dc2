//! A sentence that stands out, with the sign of what kind it is.

use super::icon::{Drawing, Icon};
use leptos::prelude::*;

/// What a notice is about.
#[derive(Clone, Copy, Debug)]
pub enum Tone {
    /// Something went well.
    Good,
    /// Something to mind.
    Warning,
}

/// The notice. With an id it can be given the focus, as a row can.
#[component]
pub fn Notice(
    /// What it is about.
    tone: Tone,
    /// A class for its place on the page.
    #[prop(optional)]
    class: &'static str,
    /// Id, where something leads to it.
    #[prop(optional)]
    id: Option<String>,
    /// The sentence.
    children: Children,
) -> impl IntoView {
    let (kind, icon) = match tone {
        Tone::Good => ("notice-good", Icon::Check),
        Tone::Warning => ("notice-warning", Icon::Warning),
    };
    let focus = id.is_some().then_some("-1");
    view! {
        <p class=format!("notice {kind} {class}") id=id tabindex=focus>
            <Drawing icon/>
            <span>{children()}</span>
        </p>
    }
}
