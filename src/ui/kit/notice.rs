//! Notices: a highlighted sentence with an icon for its tone.

use super::icon::{Drawing, Icon};
use leptos::{children::TypedChildren, prelude::*};

/// Tone of a notice.
#[derive(Clone, Copy, Debug)]
pub enum Tone {
    /// Success.
    Good,
    /// Warning.
    Warning,
    /// Error.
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

/// A notice. With an id it can take the focus.
#[component]
pub fn Notice<S: IntoView>(
    /// Tone.
    tone: Tone,
    /// A class for its position on the page.
    #[prop(optional)]
    class: &'static str,
    /// Id, if a link or the focus leads to it.
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

/// A notice with an action; a group for screen readers. Not a landmark, because there can be several.
#[component]
pub fn ActionNotice(
    /// Tone.
    tone: Tone,
    /// Name of the group.
    #[prop(into)]
    label: String,
    /// A class for its position on the page.
    class: &'static str,
    /// The action.
    #[prop(into)]
    action: AnyView,
    /// The sentence.
    children: Children,
) -> impl IntoView {
    let (kind, icon) = tone.parts();
    view! {
        <div class=format!("notice {kind} {class}") role="group" aria-label=label>
            <Drawing icon/>
            <span>{children()}</span>
            {action}
        </div>
    }
}
