//! Rows of the table of keys.

use crate::{
    domain::{
        ids::KeyId,
        key::{Key, KeyStatus, Transition},
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
        usage: around
            .since
            .get(&key.id)
            .map(|since| used(status == KeyStatus::Rotated, since)),
        creator: None,
        rate_limit: key.rate_limit,
        allowlist: key.allowlist.entries().map(|entry| entry.to_string()).collect(),
        name: key.name.into(),
        prefix: key.prefix,
        last_used_at: key.last_used_at,
        created_at: key.created_at,
    }
}

/// Usage in words: `12 requests since rotation (2 clients, last`, the time of the last one, and `)`.
fn used(was_rotated: bool, since: &Since) -> Phrase {
    if since.last_at.is_none() {
        let words = if was_rotated {
            "No requests since rotation"
        } else {
            "Replacement, not used yet"
        };
        return Phrase {
            words: words.to_owned(),
            at: None,
            end: None,
        };
    }
    // A client with an unknown address is not counted.
    let clients = match since.clients {
        0 => String::new(),
        clients => format!("{}, ", counted(clients, "client")),
    };
    let requests = counted(since.requests, "request");
    let of_whom = if was_rotated {
        format!("{requests} since rotation")
    } else {
        format!("Replacement, {requests}")
    };
    Phrase {
        words: format!("{of_whom} ({clients}last"),
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
    fn what_is_said_of_use() {
        let now = Timestamp::from_millis(1_795_458_000_000);
        let since = |requests, clients, last_at| Since {
            requests,
            clients,
            last_at,
        };
        for (was_rotated, since, text) in [
            (true, since(0, 0, None), "No requests since rotation"),
            (false, since(0, 0, None), "Replacement, not used yet"),
            (
                true,
                since(2, 2, Some(now)),
                "2 requests since rotation (2 clients, last",
            ),
            (
                false,
                since(1, 1, Some(now)),
                "Replacement, 1 request (1 client, last",
            ),
            (
                false,
                since(1_200, 0, Some(now)),
                "Replacement, 1,200 requests (last",
            ),
        ] {
            let said = used(was_rotated, &since);
            assert_eq!((said.words.as_str(), said.at), (text, since.last_at));
        }
    }
}
