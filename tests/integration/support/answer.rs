//! Responses, and helpers to query them.

use crate::html::{self, Part, Tag};
use axum::http::{HeaderMap, header};
use serde_json::Value;

/// A response.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Answer {
    /// The only value of a header; empty if it is absent.
    pub fn header(&self, name: &str) -> &str {
        let all = self.all(name);
        assert!(all.len() <= 1, "{name}: {all:?}");
        all.first().copied().unwrap_or_default()
    }

    pub fn all(&self, name: &str) -> Vec<&str> {
        let values = self.headers.get_all(name).iter();
        values.map(|value| value.to_str().expect("text")).collect()
    }

    /// The `Set-Cookie` of the session; sign-in sets another cookie too.
    pub fn session_cookie(&self) -> &str {
        let all = self.all("set-cookie");
        let sessions: Vec<_> = all.into_iter().filter(|line| is_session(line)).collect();
        assert_eq!(sessions.len(), 1, "{sessions:?}");
        sessions[0]
    }

    pub fn location(&self) -> &str {
        self.header(header::LOCATION.as_str())
    }

    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("UTF-8")
    }

    pub fn json(&self) -> Value {
        assert_eq!(self.header("content-type"), "application/json", "{}", self.text());
        serde_json::from_slice(&self.body).expect("JSON")
    }

    pub fn tags(&self) -> Vec<Tag> {
        html::tags(self.text())
    }

    /// The elements that a CSS selector finds.
    pub fn select(&self, selector: &str) -> Vec<Part> {
        html::select(self.text(), selector)
    }

    /// The tag with this id.
    pub fn id(&self, id: &str) -> Tag {
        let tag = self.tags().into_iter().find(|tag| tag.get("id") == Some(id));
        tag.unwrap_or_else(|| panic!("no #{id} in {}", self.text()))
    }

    /// Value of the form field with this name.
    pub fn field(&self, name: &str) -> String {
        let mut tags = self.tags().into_iter();
        let tag = tags.find(|tag| tag.name == "input" && tag.get("name") == Some(name));
        let tag = tag.unwrap_or_else(|| panic!("no field {name} in {}", self.text()));
        tag.get("value").unwrap_or_default().to_owned()
    }

    /// The message beside a field, shown or not.
    pub fn field_error(&self, name: &str) -> String {
        self.id(&format!("{name}-error")).text
    }

    /// The names in the table of keys, from the top.
    pub fn names(&self) -> Vec<String> {
        let tags = self.tags();
        let named = tags
            .windows(2)
            .filter(|two| two[0].get("class") == Some("key-name"));
        named.map(|two| two[1].text.clone()).collect()
    }

    /// The table's cells of a column, from the top.
    pub fn cells(&self, column: &str) -> Vec<Part> {
        self.select(&format!("[data-label=\"{column}\"]"))
    }

    /// The response without the parts that always differ: request id and nonce.
    pub fn comparable(&self) -> (u16, Vec<(String, String)>, String) {
        let policy = self.header("content-security-policy");
        let nonce = nonce(policy).unwrap_or("no nonce");
        let id = self.header("x-request-id");
        let plain = |text: &str| text.replace(nonce, "NONCE").replace(id, "REQUEST");
        let mut headers: Vec<_> = self
            .headers
            .iter()
            .map(|(name, value)| (name.to_string(), plain(value.to_str().expect("text"))))
            .collect();
        headers.sort();
        (self.status, headers, plain(self.text()))
    }
}

/// Whether a cookie is that of the session: over plain http its name ends with the port.
pub fn is_session(cookie: &str) -> bool {
    let name = cookie.split('=').next().unwrap_or_default();
    let port = name.strip_prefix("babysea-").unwrap_or("x");
    name == "__Host-session" || port.bytes().all(|b| b.is_ascii_digit())
}

/// The nonce of a content security policy.
pub fn nonce(policy: &str) -> Option<&str> {
    let (_, rest) = policy.split_once("'nonce-")?;
    rest.split('\'').next()
}

/// Whether it is `req_` and a ULID.
pub fn is_request_id(text: &str) -> bool {
    let is_digit = |b: u8| b.is_ascii_digit() || (b.is_ascii_uppercase() && !b"ILOU".contains(&b));
    let ulid = text.strip_prefix("req_").unwrap_or_default();
    ulid.len() == 26 && ulid.bytes().all(is_digit)
}

/// Whether it is a UUID in lower case.
pub fn is_uuid(text: &str) -> bool {
    let is_digit = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
    let lengths: Vec<_> = text.split('-').map(str::len).collect();
    lengths == [8, 4, 4, 4, 12] && text.bytes().all(|b| b == b'-' || is_digit(b))
}

/// Whether `text` contains a well-formed key.
pub fn holds_a_key(text: &str) -> bool {
    text.match_indices('_').any(|(at, _)| {
        text[at + 1..]
            .bytes()
            .take_while(u8::is_ascii_alphanumeric)
            .count()
            >= 38
    })
}

/// The shown part of a key: its prefix and five random characters.
pub fn shown_part(secret: &str) -> &str {
    &secret[..secret.find('_').expect("a prefix") + 6]
}

#[test]
fn a_key_in_a_text_is_found() {
    assert!(holds_a_key(&format!("<p>bye_{}</p>", "a".repeat(38))));
    assert!(!holds_a_key(&format!("<p>bye_{}...</p>", "a".repeat(5))));
}
