//! Keys as a page shows them.

use crate::{
    domain::{
        ids::KeyId,
        key::{Key, KeyStatus, Transition},
        time::Timestamp,
    },
    server::{app::App, service::rotation::Since},
    ui::pages::keys::{KeyRow, Leak},
};
use std::collections::BTreeMap;

/// What rows depend on beside their keys.
pub struct Around<'a> {
    /// When the page is drawn.
    pub now: Timestamp,
    /// Path of the page with the keys.
    pub page: &'a str,
    /// What the keys in their grace period and their replacements did since the rotation.
    pub since: &'a BTreeMap<KeyId, Since>,
}

/// A row; the key with the id `created` is pointed out.
pub fn row(app: &App, key: Key, around: &Around<'_>, created: &str) -> KeyRow {
    let now = around.now;
    let id = key.id.to_string();
    let mut about = app.catalog().permissions_label(&key.preset, &key.scopes);
    let status = key.status(now);
    if let Some(end) = key.end() {
        about = match status {
            KeyStatus::Rotated => format!("{about} · stops {}", end.ahead(now)),
            _ if now < end => format!("{about} · expires {}", end.ahead(now)),
            _ => format!("{about} · expired {}", end.relative(now)),
        };
    }
    KeyRow {
        is_new: id == created,
        href: format!("{}/{id}", around.page),
        id,
        about,
        status,
        allows: Transition::ALL
            .into_iter()
            .filter(|&transition| key.allows(transition, now))
            .collect(),
        was_rotated: key.rotation.is_some(),
        usage: around.since.get(&key.id).map(|since| {
            let whose = if status == KeyStatus::Rotated {
                "Since the rotation"
            } else {
                "Replacement"
            };
            format!("{whose}: {}", used(since, now))
        }),
        rate_limit: key.rate_limit,
        allowlist: key.allowlist.entries().map(|entry| entry.to_string()).collect(),
        name: key.name,
        prefix: key.prefix,
        last_used_at: key.last_used_at,
        created_at: key.created_at,
    }
}

/// `12 requests from 2 clients, last 5 minutes ago`.
fn used(since: &Since, now: Timestamp) -> String {
    let plural = |count: u64, noun: &str| format!("{count} {noun}{}", if count == 1 { "" } else { "s" });
    let Some(last_at) = since.last_at else {
        return "no requests".to_owned();
    };
    // An address that could not be told is no client that could be counted.
    let from = match since.clients {
        0 => String::new(),
        clients => format!(" from {}", plural(clients, "client")),
    };
    let requests = plural(since.requests, "request");
    format!("{requests}{from}, last {}", last_at.relative(now))
}

/// A key that was reported as leaked.
pub fn leak(key: Key, page: &str) -> Option<Leak> {
    Some(Leak {
        reported_at: key.leak_reported_at?,
        href: format!("{page}/{}", key.id),
        id: key.id.to_string(),
        name: key.name,
        prefix: key.prefix,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_of_use() {
        let now = Timestamp::from_millis(1_795_458_000_000);
        let since = |requests, clients, last_at| Since {
            requests,
            clients,
            last_at,
        };
        for (since, text) in [
            (since(0, 0, None), "no requests"),
            (since(1, 1, Some(now)), "1 request from 1 client, last just now"),
            (
                since(12, 2, Some(now)),
                "12 requests from 2 clients, last just now",
            ),
            (since(3, 0, Some(now)), "3 requests, last just now"),
        ] {
            assert_eq!(used(&since, now), text);
        }
    }
}
