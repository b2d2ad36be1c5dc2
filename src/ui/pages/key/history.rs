//! What happened with a key: its latest requests and activity entries.

use crate::{
    domain::{activity::Entry, time::Timestamp},
    ui::kit::{moment::Moment, table::Table},
};
use leptos::prelude::*;

/// A row of the key's request log.
#[derive(Clone, Debug)]
pub struct RequestRow {
    /// Request id.
    pub id: String,
    /// Method and path.
    pub call: String,
    /// HTTP status.
    pub status: i64,
    /// Error code of a refusal.
    pub error_code: Option<String>,
    /// Hash of the client's address.
    pub from: Option<String>,
    /// Time of the response.
    pub at: Timestamp,
}

/// Class with the colour of an HTTP status (docs.babysea.ai, `/logs/overview`).
const fn tone(status: i64) -> &'static str {
    match status {
        ..300 => "http-good",
        300..400 => "http-turn",
        400..500 => "http-warn",
        _ => "http-bad",
    }
}

/// The table of requests, newest first.
#[component]
pub fn Requests(
    /// The requests.
    requests: Vec<RequestRow>,
    /// The sentence if there are none.
    none: String,
    /// The time at which the page is rendered.
    now: Timestamp,
) -> impl IntoView {
    if requests.is_empty() {
        return view! { <p class="quiet">{none}</p> }.into_any();
    }
    let rows = requests
        .into_iter()
        .map(|request| {
            let from = match request.from {
                Some(hash) => view! { <code translate="no">{hash}</code> }.into_any(),
                None => view! { <span class="quiet">"Unknown"</span> }.into_any(),
            };
            let code = request
                .error_code
                .map(|code| view! { <span class="sub"><code translate="no">{code}</code></span> });
            view! {
                <tr role="row">
                    <th scope="row" role="rowheader" class="cell-name">
                        <code translate="no">{request.call}</code>
                        <code translate="no" class="sub">{request.id}</code>
                    </th>
                    <td role="cell" data-label="Status">
                        <span class=format!("http {}", tone(request.status))>{request.status}</span>
                        {code}
                    </td>
                    <td role="cell" data-label="IP hash">{from}</td>
                    <td role="cell" class="cell-time" data-label="Time"><Moment at=Some(request.at) now/></td>
                </tr>
            }
        })
        .collect_view();
    view! {
        <Table
            caption="Last requests, newest first"
            class="log-table request-table"
            columns=&["Request", "Status", "IP hash", "Time"]
        >
            {rows}
        </Table>
    }
    .into_any()
}

/// The activity entries, newest first.
#[component]
pub fn Events(
    /// The entries.
    entries: Vec<Entry>,
    /// The time at which the page is rendered.
    now: Timestamp,
) -> impl IntoView {
    if entries.is_empty() {
        return view! { <p class="quiet">"No activity."</p> }.into_any();
    }
    let items = entries
        .into_iter()
        .map(|entry| {
            let class = if entry.event.is_alert() {
                "event is-alert"
            } else {
                "event"
            };
            let label = entry.event.detail_label();
            let detail = (!entry.detail.is_empty()).then(|| view! { " · "{label}<bdi>{entry.detail}</bdi> });
            view! {
                <li>
                    <div>
                        <span class=class>{entry.event.sentence()}</span>
                        " by "
                        <bdi translate="no">{entry.actor_name}</bdi>
                        <span class="sub"><code translate="no">{entry.event.id()}</code>{detail}</span>
                    </div>
                    <span class="cell-time"><Moment at=Some(entry.at) now/></span>
                </li>
            }
        })
        .collect_view();
    view! { <ol class="key-events">{items}</ol> }.into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_has_the_colour_of_its_class() {
        for (status, expected) in [
            (200, "http-good"),
            (299, "http-good"),
            (304, "http-turn"),
            (400, "http-warn"),
            (499, "http-warn"),
            (501, "http-bad"),
        ] {
            assert_eq!(tone(status), expected, "{status}");
        }
    }
}
