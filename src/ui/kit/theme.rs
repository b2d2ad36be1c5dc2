//! The theme switch.

use super::icon::{Drawing, Icon};
use crate::domain::{paths, theme::Theme};
use leptos::prelude::*;

/// Light, dark, or as the system says. On narrow screens it is one button that cycles through them.
#[component]
pub fn ThemeSwitch(
    /// The current theme.
    current: Theme,
    /// Path and query of the page to return to.
    next: String,
) -> impl IntoView {
    let choices = Theme::ALL
        .into_iter()
        .map(|theme| {
            let icon = match theme {
                Theme::System => Icon::System,
                Theme::Light => Icon::Light,
                Theme::Dark => Icon::Dark,
            };
            let label = format!("Theme: {}", theme.id());
            let pressed = if theme == current { "true" } else { "false" };
            view! {
                <button
                    type="submit"
                    name="theme"
                    value=theme.id()
                    aria-pressed=pressed
                    aria-label=label.clone()
                    title=label
                >
                    <Drawing icon/>
                </button>
            }
        })
        .collect_view();
    view! {
        <form class="theme" method="post" action=paths::THEME>
            <input type="hidden" name="next" value=next/>
            {choices}
        </form>
    }
}
