//! A sentence that stands out, with the sign of what kind it is.

use super::icon::{Drawing, Icon};
use leptos::{children::TypedChildren, prelude::*};

/// What a notice is about.
#[derive(Clone, Copy, Debug)]
pub enum Tone {
    /// Something went well.
    Good,
    /// Something to mind.
    Warning,
    /// Something went wrong.
    Bad,
}

impl Tone {
    const fn parts(self) -> (&'static str, Icon) {
        match self {
            Self::Good => ("notice-good", Icon::Check),
            Self::Warning => ("notice-warning", Icon::Warning),
            Self::Bad => ("notice-bad", Icon::Warning),
        }
    }
}

/// The notice. With an id it can be given the focus, as a row can.
#[component]
pub fn Notice<S: IntoView>(
    /// What it is about.
    tone: Tone,
    /// A class for its place on the page.
    #[prop(optional)]
    class: &'static str,
    /// Id, where something leads to it.
    #[prop(optional)]
    id: Option<String>,
    /// The sentence.
    children: TypedChildren<S>,
) -> impl IntoView {
    let (kind, icon) = tone.parts();
    let focus = id.is_some().then_some("-1");
    view! {
        <p class=format!("notice {kind} {class}") id=id tabindex=focus>
            <Drawing icon/>
            <span>{children.into_inner()()}</span>
        </p>
    }
}

/// A notice with something to do about it, which a screen reader finds as a part of the page.
#[component]
pub fn ActionNotice(
    /// What it is about.
    tone: Tone,
    /// Name of the part.
    label: &'static str,
    /// A class for its place on the page.
    class: &'static str,
    /// What can be done.
    #[prop(into)]
    action: AnyView,
    /// The sentence.
    children: Children,
) -> impl IntoView {
    let (kind, icon) = tone.parts();
    view! {
        <section class=format!("notice {kind} {class}") aria-label=label>
            <Drawing icon/>
            <span>{children()}</span>
            {action}
        </section>
    }
}
