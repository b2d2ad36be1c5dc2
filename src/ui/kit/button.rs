//! Buttons, and links that read as one. What makes a button busy is `send`.

use super::icon::{Drawing, Icon};
use leptos::{
    attr::{Attribute, aria_describedby, disabled},
    prelude::*,
};

/// How much a button asks to be pressed; each has its hover, focus, busy and disabled state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// One way among others.
    Plain,
    /// What the view is for; one in each.
    Primary,
    /// Does what cannot be taken back, and was asked about.
    Danger,
    /// Leads to the question about what cannot be taken back.
    DangerQuiet,
    /// Stands back.
    Quiet,
    /// Reads as a link, among text.
    Link,
}

impl Kind {
    /// What the style sheet knows it by.
    #[must_use]
    pub const fn class(self) -> &'static str {
        match self {
            Self::Plain => "button",
            Self::Primary => "button primary",
            Self::Danger => "button primary danger",
            Self::DangerQuiet => "button danger-quiet",
            Self::Quiet => "button quiet",
            Self::Link => "link",
        }
    }
}

/// A button. Whatever else it needs is written at its place: a handler (`on:click`), a name and a value that go with the
/// form (`attr:name`, `attr:value`), a class (`class:wide`), a reason why it is disabled (`{..disabled_because(..)}`, before all others).
#[component]
pub fn Button(
    /// What it does: a text, or a closure that returns one.
    label: impl IntoView + 'static,
    /// How much it asks for.
    #[prop(default = Kind::Plain)]
    kind: Kind,
    /// A drawing before the words.
    #[prop(optional)]
    icon: Option<Icon>,
    /// `submit`, `reset` or `button`.
    #[prop(default = "submit")]
    acts: &'static str,
) -> impl IntoView {
    view! {
        <button class=kind.class() type=acts>
            {icon.map(|icon| view! { <Drawing icon/> })}
            {label}
        </button>
    }
}

/// The button of a form that is sent in place, which shows that it is being sent.
#[component]
pub fn SubmitButton(
    /// What it does.
    label: &'static str,
    /// How much it asks for.
    #[prop(default = Kind::Primary)]
    kind: Kind,
) -> impl IntoView {
    view! { <Button label kind attr:data-submits=true/> }
}

/// For a button: disabled with a reason, which is the sentence with this id. Without one the button works.
pub fn disabled_because(reason: Option<&'static str>) -> impl Attribute {
    (disabled(reason.is_some()), aria_describedby(reason))
}

/// A button that is a drawing alone; its words are its name, and its tooltip.
#[component]
pub fn IconButton(
    /// What it does.
    label: &'static str,
    /// The drawing.
    icon: Icon,
) -> impl IntoView {
    view! {
        <button class="button icon-only" type="submit" aria-label=label title=label>
            <Drawing icon/>
        </button>
    }
}

/// A link that reads as a button; without an address it is disabled.
#[component]
pub fn ButtonLink(
    /// Where it leads.
    #[prop(into)]
    href: Option<String>,
    /// What is there.
    label: &'static str,
    /// What that is to this page (HTML, section 4.6.7).
    #[prop(optional)]
    rel: Option<&'static str>,
    /// The file that it leads to is kept: its name, or none for the server's.
    #[prop(optional)]
    download: Option<&'static str>,
) -> impl IntoView {
    match href {
        Some(href) => view! { <a class="button" href=href rel=rel download=download>{label}</a> }.into_any(),
        None => view! { <span class="button" aria-disabled="true">{label}</span> }.into_any(),
    }
}
