//! A key's status: a dot, a word and a colour.

use crate::domain::key::KeyStatus;
use leptos::prelude::*;

/// The badge.
#[component]
pub fn StatusBadge(
    /// The status to show.
    status: KeyStatus,
) -> impl IntoView {
    let class = match status {
        KeyStatus::Active => "badge badge-active",
        KeyStatus::Rotated => "badge badge-rotated",
        KeyStatus::Expired => "badge badge-expired",
        KeyStatus::Revoked => "badge badge-revoked",
    };
    view! { <span class=class>{status.label()}</span> }
}
