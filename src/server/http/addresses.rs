//! Addresses that lead back to a page: a key that was pasted into one is cut to its shown part, so that no redirect, no
//! link and no form repeats it (docs/security.md, S99).

use crate::domain::token::found;
use std::borrow::Cow;
use url::form_urlencoded::{Serializer, byte_serialize, parse};

/// Cuts every key in an address, in its path and in its query.
#[must_use]
pub fn without_keys<'a>(address: &'a str, key_prefix: &str) -> Cow<'a, str> {
    // A `_` that is percent-encoded is one after decoding.
    if !address.contains(['_', '%']) {
        return address.into();
    }
    let (address_of_page, fragment) = split(address, '#');
    let (path, query) = split(address_of_page, '?');
    let is_fine = |text: &str| matches!(found::cut(text, key_prefix), Cow::Borrowed(_));
    let fields = || parse(query.as_bytes());
    let is_query_fine = fields().all(|(name, value)| is_fine(&name) && is_fine(&value));
    if is_query_fine && is_fine(&decoded(path)) && is_fine(&decoded(fragment)) {
        return address.into();
    }
    let path = path.split('/').map(|part| {
        let text = decoded(part);
        if is_fine(&text) {
            part.to_owned()
        } else {
            byte_serialize(found::cut(text.trim_end_matches('='), key_prefix).as_bytes()).collect()
        }
    });
    let mut kept = path.collect::<Vec<_>>().join("/");
    if !query.is_empty() {
        kept.push('?');
        if is_query_fine {
            kept.push_str(query);
        } else {
            let mut cut = Serializer::new(String::new());
            for (name, value) in fields() {
                cut.append_pair(&found::cut(&name, key_prefix), &found::cut(&value, key_prefix));
            }
            kept.push_str(&cut.finish());
        }
    }
    if !fragment.is_empty() && is_fine(&decoded(fragment)) {
        kept.push('#');
        kept.push_str(fragment);
    }
    kept.into()
}

/// The parts before and after the first `at`.
fn split(text: &str, at: char) -> (&str, &str) {
    text.split_once(at).unwrap_or((text, ""))
}

/// A part of an address without percent-encoding. `+`, `&` and `=` are read as in a query, which changes no key.
fn decoded(part: &str) -> String {
    let fields = parse(part.as_bytes());
    let words: Vec<_> = fields.map(|(name, value)| format!("{name}={value}")).collect();
    words.join("&")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::token::generate;
    use proptest::prelude::*;

    #[test]
    fn keys_are_cut_wherever_they_stand() {
        let key = generate("bye_", |bytes| bytes.fill(7));
        let key = key.expose();
        let shown = &key[..9];
        for (address, kept) in [
            (
                format!("/home/ada/api-keys?search={key}"),
                format!("/home/ada/api-keys?search={shown}"),
            ),
            (
                format!("/home/ada/api-keys?search=%20Bearer+{key}&status=active#search"),
                format!("/home/ada/api-keys?search=+Bearer+{shown}&status=active#search"),
            ),
            (
                format!("/home/ada/api-keys?search={}", key.replace('_', "%5f")),
                format!("/home/ada/api-keys?search={shown}"),
            ),
            (
                format!("/home/ada/api-keys?created={}", &key[..36]),
                format!("/home/ada/api-keys?created={shown}"),
            ),
            (
                format!("/home/ada/api-keys?{key}=1"),
                format!("/home/ada/api-keys?{shown}=1"),
            ),
            (
                format!("/sign-in?next=%2Fhome%2Fada%2Fapi-keys%3Fsearch%3D{key}"),
                format!("/sign-in?next=%2Fhome%2Fada%2Fapi-keys%3Fsearch%3D{shown}"),
            ),
            (
                format!("/home/{key}/api-keys?full=1"),
                format!("/home/{shown}/api-keys?full=1"),
            ),
            (
                format!("/home/ada/api-keys#{key}"),
                "/home/ada/api-keys".to_owned(),
            ),
        ] {
            assert_eq!(without_keys(&address, "bye_"), kept);
        }
        for address in [
            "/",
            "/home/ada/api-keys?search=a_b%20c&status=active#key-1",
            "/home/ada/api-keys?search=bye_a1B2c",
            "/home/%ff/api-keys?x=%",
        ] {
            assert!(matches!(without_keys(address, "bye_"), Cow::Borrowed(same) if same == address));
        }
    }

    proptest! {
        #[test]
        fn no_address_keeps_a_key(before in "[/a-z?&=%#+_.-]{0,20}", after in "[/a-z?&=%#+_.-]{0,20}", seed in any::<u8>()) {
            let key = generate("bye_", |bytes| bytes.fill(seed % 248));
            let address = format!("{before}{}{after}", key.expose());
            let kept = without_keys(&address, "bye_");
            prop_assert!(!kept.contains(&key.expose()[9..]), "{}", kept);
            prop_assert_eq!(without_keys(&kept, "bye_").into_owned(), kept.into_owned());
        }
    }
}
