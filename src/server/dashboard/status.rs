//! The status line: what an action has done, kept in a signed cookie until the next page shows it.
//!
//! A cookie, because the next page is another request, and the address of a page must not say that something
//! was done: it can be opened again. The signature covers the session, so that a status line is shown only to
//! the person who did it, and never a text that someone else has planted.

use super::session::{
    self,
    cookies::{self, Name},
};
use crate::{
    domain::{done::Done, paths, time::Timestamp},
    server::{app::App, secret::pepper::Purpose},
};
use axum::{
    http::{HeaderMap, HeaderValue, header},
    response::Response,
};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Lifetime of a status line that the next page shows.
const SOON: Duration = Duration::from_mins(1);
/// Lifetime of a status line that is shown once a dialog with a secret is closed.
const AFTER_A_SECRET: Duration = Duration::from_hours(1);
/// Maximum length of the cookie's value in bytes; a name of 100 characters takes 800.
const MOST_BYTES: usize = 2_048;

/// A digest of the session cookie: status lines are shown in the session in which they were made.
#[derive(Clone)]
pub struct Holder([u8; 32]);

impl Holder {
    /// The session of a request.
    #[must_use]
    pub fn of(app: &App, headers: &HeaderMap) -> Self {
        let cookie = session::cookie(app, headers);
        Self(app.pepper.mac(Purpose::StatusLine, &[cookie.as_bytes()]))
    }
}

/// The signed part of the cookie.
#[derive(Serialize, Deserialize)]
struct Kept {
    ends_at: Timestamp,
    /// Slug of the account.
    account: String,
    done: Done,
}

impl Kept {
    /// Whether the page with this path and query shows it.
    fn is_for(&self, path: &str) -> bool {
        let home = format!("{}{}/", paths::HOME, self.account);
        let awaited = self.done.awaited();
        path.starts_with(&home) && (awaited.is_empty() || awaited.iter().any(|id| path.contains(id)))
    }
}

/// `Set-Cookie` for the status line of the next page of the account with this slug. `None` if it would be too
/// long.
#[must_use]
pub fn keep(app: &App, holder: &Holder, account: &str, done: Done) -> Option<HeaderValue> {
    let lifetime = if done.awaited().is_empty() {
        SOON
    } else {
        AFTER_A_SECRET
    };
    let kept = Kept {
        ends_at: app.now().plus(lifetime),
        account: account.to_owned(),
        done,
    };
    let text = serde_json::to_vec(&kept).ok()?;
    let mac = app.pepper.mac(Purpose::StatusLine, &[&holder.0, &text]);
    let value = format!("{}.{}", hex::encode(&text), hex::encode(mac));
    if value.len() > MOST_BYTES {
        return None;
    }
    cookies::keep(&app.origin, Name::Done, &value, lifetime.try_into().ok()?)
}

/// Adds that cookie to a response.
pub fn add(app: &App, holder: &Holder, account: &str, done: Done, response: &mut Response) {
    if let Some(cookie) = keep(app, holder, account, done) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
}

/// The status line for the page with this path and query. `None` for another page or session, after its
/// lifetime, and for a cookie that this server did not sign.
#[must_use]
pub fn read(app: &App, headers: &HeaderMap, path: &str) -> Option<Done> {
    let mut values = cookies::values(&app.origin, headers, Name::Done);
    values.find_map(|value| read_value(app, headers, path, &value))
}

fn read_value(app: &App, headers: &HeaderMap, path: &str, value: &str) -> Option<Done> {
    if value.len() > MOST_BYTES {
        return None;
    }
    let (text, digits) = value.split_once('.')?;
    let text = hex::decode(text).ok()?;
    let mut mac = [0; 32];
    hex::decode_to_slice(digits, &mut mac).ok()?;
    let holder = Holder::of(app, headers);
    if !app.pepper.is_mac(Purpose::StatusLine, &[&holder.0, &text], &mac) {
        return None;
    }
    let kept: Kept = serde_json::from_slice(&text).ok()?;
    (app.now() < kept.ends_at && kept.is_for(path)).then_some(kept.done)
}

/// Removes the cookie, in the response of the page that shows the status line.
pub fn forget(app: &App, response: &mut Response) {
    if let Some(removal) = cookies::remove(&app.origin, Name::Done) {
        response.headers_mut().append(header::SET_COOKIE, removal);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::done::Subject;

    fn key() -> Subject {
        Subject {
            id: "0197".to_owned(),
            name: "\u{1f511}".repeat(100),
            prefix: "bye_a1B2c".to_owned(),
        }
    }

    fn kept(account: &str, done: Done) -> Kept {
        Kept {
            ends_at: Timestamp::from_millis(i64::MAX),
            account: account.to_owned(),
            done,
        }
    }

    #[test]
    fn a_status_line_is_for_the_next_page_of_its_account() {
        let revoked = kept("tide", Done::Stopped(key()));
        for (path, is_for) in [
            ("/home/tide/api-keys?status=active", true),
            ("/home/tide/activity", true),
            ("/home/tide-2/api-keys", false),
            ("/home/ada/api-keys?search=/home/tide/", false),
            ("/sign-in", false),
        ] {
            assert_eq!(revoked.is_for(path), is_for, "{path}");
        }
    }

    #[test]
    fn after_a_secret_it_waits_for_the_page_with_the_key() {
        let created = kept("tide", Done::Created(key()));
        for (path, is_for) in [
            ("/home/tide/api-keys", false),
            ("/home/tide/api-keys?created=0197", true),
            ("/home/tide/api-keys/0197", true),
            ("/home/ada/api-keys?created=0197", false),
        ] {
            assert_eq!(created.is_for(path), is_for, "{path}");
        }
    }

    #[test]
    fn the_longest_one_fits() {
        let longest = Done::Rotated {
            old: Subject {
                id: "key_00000000000000000000000000000000".to_owned(),
                ..key()
            },
            new: "key_00000000000000000000000000000000".to_owned(),
            end: Timestamp::from_millis(253_402_300_799_999),
        };
        let text = serde_json::to_vec(&kept(&"s".repeat(64), longest)).expect("JSON");
        assert!(hex::encode(text).len() + 65 <= MOST_BYTES);
    }
}
