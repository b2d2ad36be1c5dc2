//! An allowlist in a table cell: its first entry, and a tooltip with the others on hover and focus. Screen
//! readers hear them as the description of the count.

use leptos::prelude::*;

/// Entries of a tooltip that are each on a line of their own; more of them would be higher than the window.
const LINES: usize = 10;

/// The cell.
#[component]
pub fn AllowlistCell(
    /// The entries in their stored form.
    entries: Vec<String>,
) -> impl IntoView {
    let Some(first) = entries.first().cloned() else {
        return view! { <td role="cell" class="quiet" data-label="IP allowlist">"Any address"</td> }
            .into_any();
    };
    let others = entries.len() - 1;
    let more = (others > 0).then(|| {
        let label = format!("+{others} more");
        view! {
            <button class="more" type="button" data-tip aria-label=label aria-description=tip(&entries)>
                {format!("+{others}")}
            </button>
        }
    });
    view! {
        <td role="cell" class="is-code" data-label="IP allowlist" translate="no">
            {first}
            " "
            {more}
        </td>
    }
    .into_any()
}

/// All entries.
fn tip(entries: &[String]) -> String {
    entries.join(if entries.len() <= LINES { "\n" } else { ", " })
}
