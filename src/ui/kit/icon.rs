//! Line drawings of 16 by 16; they only repeat what the words beside them say.

use leptos::prelude::*;

/// Which drawing.
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
}

/// The drawing.
#[component]
pub fn Drawing(
    /// Which.
    icon: Icon,
) -> impl IntoView {
    let path = match icon {
        Icon::Key => "M8.2 10.8a3 3 0 1 1-6 0 3 3 0 0 1 6 0ZM7.4 8.6l6.1-6.1M11 5l2 2",
        Icon::Plus => "M8 3v10M3 8h10",
        Icon::Copy => {
            "M7 5.500h5a1.5 1.5 0 0 1 1.5 1.500v5a1.5 1.5 0 0 1-1.5 1.500H7A1.5 1.5 0 0 1 5.5 12V7A1.5 1.5 0 0 1 7 5.500ZM10.5 5.500v-2a1 1 0 0 0-1-1h-6a1 1 0 0 0-1 1v6a1 1 0 0 0 1 1h2"
        }
        Icon::Warning => "M8 2 14.7 13.500H1.300ZM8 6.300v3.500M8 11.500v.200",
    };
    view! {
        <svg class="icon" viewBox="0 0 16 16" aria-hidden="true">
            <path d=path></path>
        </svg>
    }
}

/// The mark of the brand: two waves.
#[component]
pub fn BrandMark() -> impl IntoView {
    view! {
        <svg class="brand-mark" viewBox="0 0 22 22" aria-hidden="true">
            <rect width="22" height="22" rx="6"></rect>
            <path d="M4 9.500c2.4 0 2.4 2 4.7 2s2.3-2 4.6-2 2.3 2 4.7 2M4 14c2.4 0 2.4 2 4.7 2s2.3-2 4.6-2 2.3 2 4.7 2"></path>
        </svg>
    }
}
