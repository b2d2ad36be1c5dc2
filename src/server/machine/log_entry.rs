//! The logged parts of a request (docs.babysea.ai, `/logs/overview`). They never contain a key, or an address
//! in clear text.

use crate::domain::{plain_text, token::found};
use axum::http::HeaderValue;
use std::borrow::Cow;
use url::form_urlencoded;

/// Maximum length of a parameter's value in characters, as at the vendor.
const LONGEST_VALUE: usize = 64;
/// Maximum length of path, query and user agent, in characters.
const LONGEST: usize = 512;
/// Replaces a text that may be secret.
const MASK: &str = "***";
/// Parameters with one of these words in their name hold secrets.
const SECRET_NAMES: [&str; 5] = ["token", "key", "secret", "password", "signature"];

/// The user agent, masked if it may contain a key.
pub(super) fn kept_user_agent(agent: Option<&HeaderValue>, key_prefix: &str) -> String {
    let Some(agent) = agent else {
        return String::new();
    };
    let agent = String::from_utf8_lossy(agent.as_bytes());
    if may_hold_key(&agent, key_prefix) {
        MASK.to_owned()
    } else {
        cut(&agent, LONGEST)
    }
}

/// The path; segments that may contain a key are masked.
pub(super) fn kept_path(path: &str, key_prefix: &str) -> String {
    cut(&masked_path(path, key_prefix), LONGEST)
}

/// The query; long values are truncated, and possible secrets masked.
pub(super) fn kept_params(query: &str, key_prefix: &str) -> String {
    cut(&masked_params(query, key_prefix), LONGEST)
}

fn masked_path<'a>(path: &'a str, key_prefix: &str) -> Cow<'a, str> {
    let masks = |part: &str| {
        // Parsed as a query, so that percent-encoding hides nothing.
        let mut texts = form_urlencoded::parse(part.as_bytes());
        texts.any(|(name, value)| may_hold_key(&name, key_prefix) || may_hold_key(&value, key_prefix))
    };
    // Fast path: most paths are not encoded.
    let is_plain = !path.contains(['%', '+', '=', '&']);
    if is_plain && !may_hold_key(path, key_prefix) || !path.split('/').any(masks) {
        return path.into();
    }
    let parts: Vec<_> = path
        .split('/')
        .map(|part| if masks(part) { MASK } else { part })
        .collect();
    parts.join("/").into()
}

/// Whether a text may contain a key: the prefix of new keys, or enough of a key with any prefix.
fn may_hold_key(text: &str, key_prefix: &str) -> bool {
    text.contains(key_prefix) || found::holds(text)
}

fn masked_params(query: &str, key_prefix: &str) -> String {
    if query.is_empty() {
        return String::new();
    }
    let mut kept = form_urlencoded::Serializer::new(String::new());
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        let lower = name.to_lowercase();
        let secret = SECRET_NAMES.iter().any(|word| lower.contains(word)) || may_hold_key(&value, key_prefix);
        let name = if may_hold_key(&name, key_prefix) {
            MASK.into()
        } else {
            name
        };
        let value = if secret {
            MASK.to_owned()
        } else {
            cut(&value, LONGEST_VALUE)
        };
        kept.append_pair(&name, &value);
    }
    kept.finish()
}

/// Truncates a text, and removes characters that could forge lines where the log is shown or exported.
fn cut(text: &str, most: usize) -> String {
    if text.len() <= most && !text.contains(plain_text::is_refused) {
        return text.to_owned();
    }
    text.chars()
        .take(most)
        .map(|c| if plain_text::is_refused(c) { '\u{FFFD}' } else { c })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_cut_and_masked() {
        let long = "x".repeat(65);
        for (query, kept) in [
            ("", String::new()),
            ("days=7&model=bfl%2Fflux", "days=7&model=bfl%2Fflux".to_owned()),
            (&format!("a={long}"), format!("a={}", &long[..64])),
            (
                "api_key=1&Token=2&X-Signature=3",
                "api_key=***&Token=***&X-Signature=***".to_owned(),
            ),
            ("q=bye_abc&r=%20bye_abc&bye_abc=1", "q=***&r=***&***=1".to_owned()),
            ("a=%0d%0ab", "a=%EF%BF%BD%EF%BF%BDb".to_owned()),
        ] {
            assert_eq!(kept_params(query, "bye_"), kept, "{query}");
        }
    }
}
