//! Pagination below a table: the range of rows, and links to the other pages.

use super::{button::ButtonLink, moment::ExactTimes};
pub use crate::domain::number::grouped;
use leptos::prelude::*;

/// Position in the list, and links to the other pages.
#[derive(Clone, Debug, Default)]
pub struct Pager {
    /// Number of rows before this page, and of all rows; `None` if counting timed out.
    pub counts: Option<(u64, u64)>,
    /// Path of the page with the newest rows.
    pub first: Option<String>,
    /// Path of the page with newer rows.
    pub newer: Option<String>,
    /// Path of the page with older rows.
    pub older: Option<String>,
    /// Path of the page with the oldest rows.
    pub last: Option<String>,
}

/// Footer of a table.
#[component]
pub fn TableFoot(
    /// Position in the list.
    pager: Pager,
    /// Number of rows on this page.
    shown: u64,
    /// What a row is called: singular and plural.
    noun: (&'static str, &'static str),
) -> impl IntoView {
    let count = match pager.counts {
        None if shown == 1 => format!("1 {}", noun.0),
        None => format!("{} {} on this page", grouped(shown), noun.1),
        Some((_, 1)) => format!("1 {}", noun.0),
        Some((_, total)) if total == shown => format!("{} {}", grouped(total), noun.1),
        Some((before, total)) if shown == 1 => {
            format!("{} of {} {}", grouped(before + 1), grouped(total), noun.1)
        }
        Some((before, total)) => format!(
            "{}–{} of {} {}",
            grouped(before + 1),
            grouped(before + shown),
            grouped(total),
            noun.1
        ),
    };
    let links = (pager.newer.is_some() || pager.older.is_some()).then(|| {
        view! {
            <nav class="pager" aria-label="Pages">
                <ButtonLink label="First" href=pager.first.clone()/>
                <ButtonLink label="Newer" href=pager.newer.clone() rel="prev"/>
                <ButtonLink label="Older" href=pager.older.clone() rel="next"/>
                <ButtonLink label="Last" href=pager.last.clone()/>
            </nav>
        }
    });
    view! {
        <div class="table-foot">
            <span>{count}</span>
            {links}
            <ExactTimes/>
        </div>
    }
}
