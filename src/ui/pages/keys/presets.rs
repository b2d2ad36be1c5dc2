//! The presets of the dialog `Add API key`, as cards to choose one from.

use super::PresetChoice;
use leptos::prelude::*;

/// The cards.
#[component]
pub fn PresetCards(
    /// In the order of the dialog.
    presets: Vec<PresetChoice>,
    /// Machine name of the one that is chosen.
    chosen: String,
    /// Whether the first has the focus when the form is drawn.
    autofocus: bool,
) -> impl IntoView {
    let cards = presets
        .into_iter()
        .enumerate()
        .map(|(n, preset)| {
            let checked = preset.id == chosen;
            view! {
                <label class="choice-card">
                    <input type="radio" name="preset" value=preset.id checked=checked autofocus=autofocus && n == 0/>
                    <span class="choice-title">{preset.label}</span>
                    <span class="choice-text">{preset.description}</span>
                    <code class="choice-scopes">{preset.scopes}</code>
                </label>
            }
        })
        .collect_view();
    view! { <div class="choice-cards">{cards}</div> }
}
