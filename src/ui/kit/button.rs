//! Buttons, and links that look like buttons. The busy state is set by `send`.

use super::icon::{Drawing, Icon};
use leptos::{
    attr::{Attribute, aria_describedby, disabled},
    prelude::*,
};

/// How much a button stands out. Each kind has a hover, focus, busy and disabled state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// One action among several.
    Plain,
    /// The main action of a view; one in each view.
    Primary,
    /// Confirms an action that cannot be undone.
    Danger,
    /// Opens the confirmation of an action that cannot be undone.
    DangerQuiet,
    /// A minor action.
    Quiet,
    /// Looks like a link in text.
    Link,
}

impl Kind {
    /// CSS class.
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

/// A button. The caller adds further attributes: a handler (`on:click`), a name and a value that are sent
/// with the form (`attr:name`, `attr:value`), a class (`class:wide`), a reason why it is disabled
/// (`{..disabled_because(..)}`, before all others).
#[component]
pub fn Button(
    /// Label: a text, or a closure that returns one.
    label: impl IntoView + 'static,
    /// How much it stands out.
    #[prop(default = Kind::Plain)]
    kind: Kind,
    /// Icon before the label.
    #[prop(optional)]
    icon: Option<Icon>,
    /// Attribute `type`: `submit`, `reset` or `button`.
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

/// The submit button of a form that is sent in place; it shows while the request runs.
#[component]
pub fn SubmitButton(
    /// Label.
    label: &'static str,
    /// How much it stands out.
    #[prop(default = Kind::Primary)]
    kind: Kind,
) -> impl IntoView {
    view! { <Button label kind attr:data-submits=true/> }
}

/// Disables a button if there is a reason: the id of the sentence that gives it. With `None` the button is
/// enabled.
pub fn disabled_because(reason: Option<&'static str>) -> impl Attribute {
    (disabled(reason.is_some()), aria_describedby(reason))
}

/// A button that shows only an icon. Its label is the accessible name and the tooltip.
#[component]
pub fn IconButton(
    /// Label.
    label: &'static str,
    /// Icon.
    icon: Icon,
) -> impl IntoView {
    view! {
        <button class="button icon-only" type="submit" aria-label=label title=label>
            <Drawing icon/>
        </button>
    }
}

/// A link that looks like a button; without an address it is disabled.
#[component]
pub fn ButtonLink(
    /// Address of the target.
    #[prop(into)]
    href: Option<String>,
    /// Label.
    label: &'static str,
    /// Attribute `rel`: how the target relates to this page (HTML, section 4.6.7).
    #[prop(optional)]
    rel: Option<&'static str>,
    /// For a download: the file name, or an empty one for the name that the server sends.
    #[prop(optional)]
    download: Option<&'static str>,
) -> impl IntoView {
    match href {
        Some(href) => view! { <a class="button" href=href rel=rel download=download>{label}</a> }.into_any(),
        None => view! { <span class="button" aria-disabled="true">{label}</span> }.into_any(),
    }
}
