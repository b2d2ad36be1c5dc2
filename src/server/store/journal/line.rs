//! Lines of a journal: the CRC-32 of the JSON in 8 hexadecimal digits, a space, the JSON. The first line is
//! the header; each other line is an entry, as in the outbox.

use crate::domain::ids::{AccountId, KeyId, UserId};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// The format of this release.
pub(super) const FORMAT: u32 = 1;

/// The first line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Header {
    /// [`FORMAT`].
    pub(super) babysea_journal: u32,
    /// The id of the database.
    pub(super) database: String,
    /// Id of the journal: a new journal of the same database has another id.
    pub(super) journal: String,
    /// Number of the change after which it starts.
    pub(super) begun_after: i64,
}

/// What one change has ended or undone.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Entry {
    /// Change number.
    pub(super) number: i64,
    /// Milliseconds since 1970 by the machine's clock. For people only; the order is that of the numbers.
    pub(super) at: i64,
    pub(super) keys: Vec<Key>,
    pub(super) members: Vec<Member>,
    pub(super) people: Vec<Person>,
}

/// State of a key after the change. Times are milliseconds since 1970.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Key {
    pub(super) id: KeyId,
    pub(super) account: AccountId,
    pub(super) revoked: Option<i64>,
    pub(super) leaked: Option<i64>,
    pub(super) deleted: Option<i64>,
    pub(super) rotated: Option<i64>,
    pub(super) grace: Option<i64>,
    pub(super) prefix: String,
    /// HMAC-SHA-256 of the key under the pepper `pepper`, in hexadecimal digits.
    pub(super) hash: String,
    pub(super) pepper: i64,
    /// Check value of that pepper version, in hexadecimal: an older database may lack the version.
    pub(super) check: String,
}

/// State of a membership after the change; without a role it was removed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Member {
    pub(super) account: AccountId,
    pub(super) user: UserId,
    pub(super) role: Option<String>,
    pub(super) since: Option<i64>,
}

/// State of a person after the change.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Person {
    pub(super) user: UserId,
    /// argon2id in PHC string format.
    pub(super) password: String,
}

/// Subject of a part of an entry. Of several entries about one subject, the last one applies.
pub(super) type Subject = [u8; 16];

/// Hashes a subject, so that a million of them fit into memory.
fn subject(kind: &str, ids: &[&[u8; 16]]) -> Subject {
    let mut hash = Sha256::new();
    hash.update(kind);
    for id in ids {
        hash.update(id);
    }
    let mut subject = Subject::default();
    subject.copy_from_slice(&hash.finalize()[..16]);
    subject
}

impl Key {
    pub(super) fn subject(&self) -> Subject {
        subject("key", &[self.id.uuid().as_bytes()])
    }
}

impl Member {
    pub(super) fn subject(&self) -> Subject {
        subject(
            "member",
            &[self.account.uuid().as_bytes(), self.user.uuid().as_bytes()],
        )
    }
}

impl Person {
    pub(super) fn subject(&self) -> Subject {
        subject("person", &[self.user.uuid().as_bytes()])
    }
}

/// Formats a line, with its line end.
pub(super) fn sealed(json: &str) -> String {
    format!("{:08x} {json}\n", crc32fast::hash(json.as_bytes()))
}

/// The JSON of a line, if its checksum is right.
pub(super) fn opened(line: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(line.strip_suffix(b"\n")?).ok()?;
    let (sum, json) = text.split_once(' ')?;
    let is_whole = sum.len() == 8 && u32::from_str_radix(sum, 16).ok()? == crc32fast::hash(json.as_bytes());
    is_whole.then_some(json)
}

/// Parses only the number of an entry.
pub(super) fn number(json: &str) -> Option<i64> {
    #[derive(Deserialize)]
    struct Numbered {
        number: i64,
    }
    serde_json::from_str::<Numbered>(json)
        .ok()
        .map(|entry| entry.number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_is_not_whole_is_none() {
        let line = sealed(r#"{"number":7}"#);
        assert_eq!(opened(line.as_bytes()), Some(r#"{"number":7}"#));
        assert_eq!(opened(line.as_bytes()).and_then(number), Some(7));
        let bytes = line.as_bytes();
        for end in 0..bytes.len() {
            assert_eq!(opened(&bytes[..end]), None, "cut at {end}");
        }
        for at in 0..bytes.len() - 1 {
            let mut other = bytes.to_vec();
            other[at] ^= 1;
            assert_eq!(opened(&other), None, "another byte at {at}");
        }
        assert_eq!(number("{}"), None);
    }
}
