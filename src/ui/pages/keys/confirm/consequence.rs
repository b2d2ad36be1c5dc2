//! The warning of a confirmation dialog: what happens to the programs that use the keys, and to their logs.

use super::Ask;
use crate::domain::{
    key::recent_use::{RecentUse, deleted_requests},
    time::Timestamp,
};
use leptos::prelude::*;

/// The warning. `None` for an action that harms nobody.
pub fn consequence(
    ask: &Ask,
    uses: &[Option<RecentUse>],
    last_used_at: Option<Timestamp>,
    now: Timestamp,
) -> Option<AnyView> {
    let several = uses.len() > 1;
    let refused = if several {
        "Their requests get 401 from now on."
    } else {
        "Its requests get 401 from now on."
    };
    match ask {
        Ask::Reissue => Some(
            "The current secret stops working immediately. You will see the new one once, on the next screen."
                .into_any(),
        ),
        Ask::Rotate { stops, .. } => stops.clone().map(|prefix| {
            view! {
                <span translate="no">{prefix}"..."</span>
                ", which this key replaced, still works. It stops immediately."
            }
            .into_any()
        }),
        Ask::ChangeGrace { .. } => {
            let last = last_used_at.map_or_else(
                || "It was never used.".to_owned(),
                |at| format!("It was last used {}.", at.relative(now)),
            );
            Some(format!("The key stops immediately. A stopped key cannot be restarted. {last}").into_any())
        }
        Ask::Revoke if several => Some(format!("{refused} Expired and revoked keys are skipped.").into_any()),
        Ask::Revoke => Some(format!("{refused} The key stays in the list and its log is kept.").into_any()),
        Ask::Delete { .. } => {
            let logs = deleted_requests(uses)
                .map(|logs| format!(" {logs}"))
                .unwrap_or_default();
            Some(format!("{refused}{logs} Entries in Activity are kept.").into_any())
        }
    }
}
