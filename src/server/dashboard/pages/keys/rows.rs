//! Rows of the table of keys.

use crate::{
    domain::{
        ids::KeyId,
        key::{Key, KeyStatus, Transition},
        log_window::LogWindow,
        number::counted,
        paths,
        time::Timestamp,
    },
    server::{app::App, service::keys::grace::Since},
    ui::{
        kit::moment::Phrase,
        pages::keys::{KeyRow, Leak},
    },
};
use std::collections::BTreeMap;

/// Data that all rows share.
pub struct Around<'a> {
    /// The time at which the page is rendered.
    pub now: Timestamp,
    /// Path of the page `API keys`.
    pub page: &'a str,
    /// Usage since the rotation, of keys in their grace period and of their replacements.
    pub since: &'a BTreeMap<KeyId, Since>,
}

/// A row; the key with the id `pointed_out` is highlighted.
pub fn row(app: &App, key: Key, around: &Around<'_>, pointed_out: &str) -> KeyRow {
    let now = around.now;
    let id = key.id.to_string();
    let status = key.status(now);
    let may = app.catalog().permissions_label(&key.preset, &key.scopes);
    let ends = match status {
        KeyStatus::Active | KeyStatus::Rotated => Some("expires"),
        KeyStatus::Expired => Some("expired"),
        // A revoked key has no end to come.
        KeyStatus::Revoked => None,
    };
    let about = match (ends, key.end()) {
        (Some(ends), at @ Some(_)) => Phrase {
            words: format!("{may} · {ends}"),
            at,
            end: None,
        },
        _ => Phrase {
            words: may,
            at: None,
            end: None,
        },
    };
    // A short retention can have removed the first requests since the rotation.
    let start = key.rotation.map_or(key.created_at, |rotation| rotation.at);
    let cut = LogWindow::all(app.config.log_retention, now).instead_of_since(start);
    let usage = around.since.get(&key.id).map(|since| match status {
        KeyStatus::Rotated => used(since, cut.as_deref()),
        _ => used_instead(since, cut.as_deref(), key.last_used_at),
    });
    KeyRow {
        is_new: id == pointed_out,
        href: paths::key_below(around.page, &id),
        id,
        about,
        status,
        allows: Transition::ALL
            .into_iter()
            .filter(|&transition| key.allows(transition, now))
            .collect(),
        was_rotated: key.rotation.is_some(),
        usage,
        creator: None,
        rate_limit: key.rate_limit,
        allowlist: key.allowlist.entries().map(|entry| entry.to_string()).collect(),
        name: key.name.into(),
        prefix: key.prefix,
        last_used_at: key.last_used_at,
        created_at: key.created_at,
    }
}

/// Usage of a rotated key in words: `12 requests since rotation (2 clients, last`, the time of the last one, and `)`.
/// `cut` is the time that the request log covers, if that is shorter.
fn used(since: &Since, cut: Option<&str>) -> Phrase {
    let when = cut.unwrap_or("since rotation");
    if since.last_at.is_none() {
        return words(format!("No requests {when}"));
    }
    last_of(since, &format!("{} {when}", counted(since.requests, "request")))
}

/// The same for its replacement: `Replacement, 12 requests (2 clients, last`.
fn used_instead(since: &Since, cut: Option<&str>, last_used_at: Option<Timestamp>) -> Phrase {
    let when = cut.map(|cut| format!(" {cut}")).unwrap_or_default();
    match (since.last_at, last_used_at) {
        (None, None) => words("Replacement, not used yet".to_owned()),
        (None, Some(_)) => words(format!("Replacement, no requests{when}")),
        (Some(_), _) => {
            let requests = counted(since.requests, "request");
            last_of(since, &format!("Replacement, {requests}{when}"))
        }
    }
}

fn words(words: String) -> Phrase {
    Phrase {
        words,
        at: None,
        end: None,
    }
}

/// A number of requests, their clients and the time of the last one.
fn last_of(since: &Since, requests: &str) -> Phrase {
    // A client with an unknown address is not counted.
    let clients = match since.clients {
        0 => String::new(),
        clients => format!("{}, ", counted(clients, "client")),
    };
    Phrase {
        words: format!("{requests} ({clients}last"),
        at: since.last_at,
        end: Some(")"),
    }
}

/// A key that was reported as leaked.
pub fn leak(key: Key, page: &str) -> Option<Leak> {
    Some(Leak {
        reported_at: key.leak_reported_at?,
        href: paths::key_below(page, key.id),
        id: key.id.to_string(),
        name: key.name.into(),
        prefix: key.prefix,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usage_in_words() {
        let now = Timestamp::from_millis(1_795_458_000_000);
        let since = |requests, clients, last_at| Since {
            requests,
            clients,
            last_at,
        };
        let none = since(0, 0, None);
        let (one, two) = (since(1, 1, Some(now)), since(2, 2, Some(now)));
        let unknown = since(1_200, 0, Some(now));
        let cut = Some("in the last 24 hours");
        for (said, text, last_at) in [
            (used(&none, None), "No requests since rotation", None),
            (used(&none, cut), "No requests in the last 24 hours", None),
            (
                used(&two, None),
                "2 requests since rotation (2 clients, last",
                Some(now),
            ),
            (
                used(&one, cut),
                "1 request in the last 24 hours (1 client, last",
                Some(now),
            ),
            (
                used(&unknown, None),
                "1,200 requests since rotation (last",
                Some(now),
            ),
            (used_instead(&none, None, None), "Replacement, not used yet", None),
            (used_instead(&none, cut, None), "Replacement, not used yet", None),
            (
                used_instead(&none, cut, Some(now)),
                "Replacement, no requests in the last 24 hours",
                None,
            ),
            (
                used_instead(&one, None, Some(now)),
                "Replacement, 1 request (1 client, last",
                Some(now),
            ),
            (
                used_instead(&two, cut, Some(now)),
                "Replacement, 2 requests in the last 24 hours (2 clients, last",
                Some(now),
            ),
        ] {
            assert_eq!((said.words.as_str(), said.at), (text, last_at));
            assert_eq!(said.end, last_at.map(|_| ")"), "{text}");
        }
    }
}
