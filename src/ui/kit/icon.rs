//! Icons of 16 by 16 pixels. They are decoration: the text beside them says the same.

use leptos::prelude::*;

/// An icon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Icon {
    /// A key.
    Key,
    /// A plus sign.
    Plus,
    /// Two sheets.
    Copy,
    /// A triangle with an exclamation mark.
    Warning,
    /// A magnifying glass.
    Search,
    /// A tick.
    Check,
    /// Two arrows that point outwards.
    Expand,
    /// Two arrows that point inwards.
    Shrink,
    /// Arrowheads up and down.
    Choose,
    /// Angle brackets.
    Code,
    /// A circular arrow.
    Renew,
    /// A clock.
    Clock,
    /// A pulse.
    Activity,
    /// A lock.
    Lock,
    /// A bin.
    Delete,
    /// A screen.
    System,
    /// A sun.
    Light,
    /// A moon.
    Dark,
}

impl Icon {
    /// Every icon.
    const ALL: [Self; 18] = [
        Self::Key,
        Self::Plus,
        Self::Copy,
        Self::Warning,
        Self::Search,
        Self::Check,
        Self::Expand,
        Self::Shrink,
        Self::Choose,
        Self::Code,
        Self::Renew,
        Self::Clock,
        Self::Activity,
        Self::Lock,
        Self::Delete,
        Self::System,
        Self::Light,
        Self::Dark,
    ];

    /// Id of its drawing in the [`Sprite`].
    const fn id(self) -> &'static str {
        match self {
            Self::Key => "icon-key",
            Self::Plus => "icon-plus",
            Self::Copy => "icon-copy",
            Self::Warning => "icon-warning",
            Self::Search => "icon-search",
            Self::Check => "icon-check",
            Self::Expand => "icon-expand",
            Self::Shrink => "icon-shrink",
            Self::Choose => "icon-choose",
            Self::Code => "icon-code",
            Self::Renew => "icon-renew",
            Self::Clock => "icon-clock",
            Self::Activity => "icon-activity",
            Self::Lock => "icon-lock",
            Self::Delete => "icon-delete",
            Self::System => "icon-system",
            Self::Light => "icon-light",
            Self::Dark => "icon-dark",
        }
    }

    /// Its lines.
    const fn path(self) -> &'static str {
        match self {
            Self::Key => "M8.2 10.8a3 3 0 1 1-6 0 3 3 0 0 1 6 0ZM7.4 8.6l6.1-6.1M11 5l2 2",
            Self::Plus => "M8 3v10M3 8h10",
            Self::Copy => {
                "M7 5.500h5a1.5 1.5 0 0 1 1.5 1.500v5a1.5 1.5 0 0 1-1.5 1.500H7A1.5 1.5 0 0 1 5.5 12V7A1.5 1.5 0 0 1 7 5.500ZM10.5 5.500v-2a1 1 0 0 0-1-1h-6a1 1 0 0 0-1 1v6a1 1 0 0 0 1 1h2"
            }
            Self::Search => "M11.500 7a4.500 4.500 0 1 1-9 0 4.500 4.500 0 0 1 9 0ZM10.500 10.500l3 3",
            Self::Check => "m3 8.500 3.300 3.300L13 4.500",
            Self::Expand => "M9.500 2.500h4v4M6.500 13.500h-4v-4M13.500 2.500 9 7M2.500 13.500 7 9",
            Self::Shrink => "M13 7H9V3M3 9h4v4M9 7l4.500-4.500M7 9l-4.500 4.500",
            Self::Choose => "m5 6 3-3 3 3M5 10l3 3 3-3",
            Self::Code => "M5 4.500 1.800 8 5 11.500M11 4.500 14.200 8 11 11.500",
            Self::Renew => "M13 8a5 5 0 1 1-1.500-3.500L13 6M13 2.500V6H9.500",
            Self::Clock => "M13.500 8a5.500 5.500 0 1 1-11 0 5.500 5.500 0 0 1 11 0ZM8 4.800V8l2.200 1.300",
            Self::Activity => "M1.800 8.500h2.900L6.500 3.500l3 9.500 1.900-4.500h2.800",
            Self::Lock => {
                "M4.500 7h7A1.500 1.500 0 0 1 13 8.500v4a1.500 1.500 0 0 1-1.500 1.500h-7A1.500 1.500 0 0 1 3 12.500v-4A1.500 1.500 0 0 1 4.500 7ZM5.500 7V4.500a2.500 2.500 0 0 1 5 0V7"
            }
            Self::Delete => "M2.500 4.500h11M6 4.500v-2h4v2M4 4.500l.6 9h6.800l.6-9M6.700 7v4M9.300 7v4",
            Self::System => "M2.500 3h11v8h-11zM6 13.500h4",
            Self::Light => {
                "M10.700 8a2.700 2.700 0 1 1-5.400 0 2.700 2.700 0 0 1 5.400 0ZM8 1.500v1.500M8 13v1.500M1.500 8H3M13 8h1.500M3.400 3.400l1.100 1.100M11.500 11.500l1.100 1.100M12.600 3.400l-1.100 1.100M4.500 11.500l-1.100 1.100"
            }
            Self::Dark => "M13.500 9.500A6 6 0 0 1 6.500 2.500a6 6 0 1 0 7 7Z",
            Self::Warning => "M8 2 14.7 13.500H1.300ZM8 6.300v3.500M8 11.500v.200",
        }
    }
}

/// The drawings of all icons, once in each document: an icon refers to its drawing by id.
#[component]
pub fn Sprite() -> impl IntoView {
    let drawings = Icon::ALL
        .map(|icon| view! { <path id=icon.id() d=icon.path()></path> })
        .collect_view();
    view! {
        <svg hidden>
            <defs>{drawings}</defs>
        </svg>
    }
}

/// Renders an icon.
#[component]
pub fn Drawing(
    /// Which icon.
    icon: Icon,
    /// An extra class.
    #[prop(optional)]
    class: &'static str,
) -> impl IntoView {
    let class = if class.is_empty() {
        "icon".to_owned()
    } else {
        format!("icon {class}")
    };
    let href = format!("#{}", icon.id());
    view! {
        <svg class=class viewBox="0 0 16 16" aria-hidden="true">
            <use href=href></use>
        </svg>
    }
}

/// The brand's logo: two waves.
#[component]
pub fn BrandMark() -> impl IntoView {
    view! {
        <svg class="brand-mark" viewBox="0 0 22 22" aria-hidden="true">
            <rect width="22" height="22" rx="6"></rect>
            <path d="M4 9.500c2.4 0 2.4 2 4.7 2s2.3-2 4.6-2 2.3 2 4.7 2M4 14c2.4 0 2.4 2 4.7 2s2.3-2 4.6-2 2.3 2 4.7 2"></path>
        </svg>
    }
}
