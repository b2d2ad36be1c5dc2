//! Known browsers (docs/security.md, S7): a browser in which a person has signed in keeps a signed cookie,
//! valid for a year or until the password changes. It does not sign in; it only exempts the browser from
//! waits that others cause.

use super::pepper::{Pepper, Purpose};
use crate::domain::{ids::UserId, time::Timestamp};
use sha2::{Digest as _, Sha256};
use std::{fmt, str::FromStr, time::Duration};

/// Lifetime of the cookie's values.
pub const KEPT: Duration = Duration::from_hours(365 * 24);
/// Maximum number of people in one cookie; the one with the oldest sign-in is dropped first.
const PEOPLE: usize = 3;
/// Separator between the values of two people.
const BETWEEN: char = '~';

/// A signed value: this browser is known for a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownBrowser {
    user: UserId,
    ends_at: Timestamp,
    mac: [u8; 32],
}

impl KnownBrowser {
    fn new(pepper: &Pepper, user: UserId, password_hash: &str, now: Timestamp) -> Self {
        let ends_at = now.plus(KEPT);
        Self {
            user,
            ends_at,
            mac: signed(user, password_hash, ends_at, |parts| {
                pepper.mac(Purpose::KnownBrowser, parts)
            }),
        }
    }

    fn is_of(&self, pepper: &Pepper, user: UserId, password_hash: &str, now: Timestamp) -> bool {
        self.user == user
            && self.ends_at > now
            && signed(user, password_hash, self.ends_at, |parts| {
                pepper.is_mac(Purpose::KnownBrowser, parts, &self.mac)
            })
    }

    /// Its MAC, which identifies it.
    #[must_use]
    pub const fn mac(&self) -> &[u8; 32] {
        &self.mac
    }
}

fn signed<T>(user: UserId, password_hash: &str, ends_at: Timestamp, sign: impl Fn(&[&[u8]]) -> T) -> T {
    let password = Sha256::digest(password_hash);
    sign(&[
        user.to_string().as_bytes(),
        &password,
        &ends_at.millis().to_be_bytes(),
    ])
}

impl fmt::Display for KnownBrowser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}.{}.{}",
            self.user,
            self.ends_at.millis(),
            hex::encode(self.mac)
        )
    }
}

/// The text is not a value of the cookie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unreadable;

impl FromStr for KnownBrowser {
    type Err = Unreadable;

    fn from_str(text: &str) -> Result<Self, Unreadable> {
        let mut parts = text.split('.');
        let mut part = || parts.next().ok_or(Unreadable);
        let (user, ends_at, digits) = (part()?, part()?, part()?);
        let mut mac = [0; 32];
        hex::decode_to_slice(digits, &mut mac).map_err(|_| Unreadable)?;
        let read = Self {
            user: user.parse().map_err(|_| Unreadable)?,
            ends_at: Timestamp::from_millis(ends_at.parse().map_err(|_| Unreadable)?),
            mac,
        };
        // Only the canonical spelling is accepted, because another spelling would count as another browser.
        (read.to_string() == text).then_some(read).ok_or(Unreadable)
    }
}

/// The values in a browser's cookie.
#[derive(Clone, Debug, Default)]
pub struct KnownFor(Vec<KnownBrowser>);

impl KnownFor {
    /// Parses the cookie; invalid values are dropped.
    #[must_use]
    pub fn read(cookie: &str) -> Self {
        let people = cookie.split(BETWEEN).take(PEOPLE);
        Self(people.filter_map(|text| text.parse().ok()).collect())
    }

    /// The valid value of this person with this password hash.
    #[must_use]
    pub fn find(
        &self,
        pepper: &Pepper,
        user: UserId,
        password_hash: &str,
        now: Timestamp,
    ) -> Option<&KnownBrowser> {
        self.0
            .iter()
            .find(|known| known.is_of(pepper, user, password_hash, now))
    }

    /// The cookie after this person has signed in.
    #[must_use]
    pub fn with(&self, pepper: &Pepper, user: UserId, password_hash: &str, now: Timestamp) -> String {
        let others = self
            .0
            .iter()
            .filter(|known| known.user != user && known.ends_at > now)
            .take(PEOPLE - 1)
            .map(ToString::to_string);
        let own = KnownBrowser::new(pepper, user, password_hash, now).to_string();
        let all: Vec<_> = std::iter::once(own).chain(others).collect();
        all.join(&BETWEEN.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_795_453_200_000);

    fn user(n: u8) -> UserId {
        UserId::from_random([n; 16])
    }

    #[test]
    fn it_is_good_for_one_person_one_password_and_a_year() {
        let pepper = Pepper::for_test(7);
        let cookie = KnownFor::default().with(&pepper, user(1), "$hash", NOW);
        let found = |cookie: &str, n: u8, hash: &str, now: Timestamp| {
            KnownFor::read(cookie).find(&pepper, user(n), hash, now).is_some()
        };
        assert!(found(&cookie, 1, "$hash", NOW));
        assert!(!found(&cookie, 2, "$hash", NOW));
        assert!(!found(&cookie, 1, "$other", NOW));
        assert!(!found(&cookie, 1, "$hash", NOW.plus(KEPT)));
        let later = NOW.plus(KEPT + KEPT).millis().to_string();
        let prolonged = cookie.replace(&NOW.plus(KEPT).millis().to_string(), &later);
        assert_ne!(prolonged, cookie);
        assert!(!found(&prolonged, 1, "$hash", NOW), "the end is signed");
        assert!(
            KnownFor::read(&cookie)
                .find(&Pepper::for_test(8), user(1), "$hash", NOW)
                .is_none()
        );
    }

    #[test]
    fn a_browser_is_known_for_the_three_who_signed_in_last() {
        let pepper = Pepper::for_test(7);
        let mut known = KnownFor::default();
        for n in [1, 2, 3, 1, 4] {
            known = KnownFor::read(&known.with(&pepper, user(n), "$hash", NOW));
        }
        let people: Vec<_> = known.0.iter().map(|known| known.user).collect();
        assert_eq!(people, [user(4), user(1), user(3)]);
    }

    #[test]
    fn what_cannot_be_read_is_left_out() {
        let pepper = Pepper::for_test(7);
        let good = KnownFor::default().with(&pepper, user(1), "$hash", NOW);
        for bad in [
            "",
            "x",
            "~~",
            "a.b.c",
            &good[1..],
            &good.to_uppercase(),
            &format!("{good}."),
        ] {
            assert!(KnownFor::read(bad).0.is_empty(), "{bad}");
            assert_eq!(
                KnownFor::read(&format!("{bad}~{good}")).0.len(),
                usize::from(bad != "~~"),
                "{bad}"
            );
        }
    }
}
