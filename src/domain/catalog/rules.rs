//! Rules for the parts of a catalogue.

use super::{CUSTOM, CUSTOM_LABEL, Preset};
use crate::domain::plain_text::is_refused;
use std::collections::HashSet;

impl Preset {
    /// Why the preset is invalid, given the catalogue's scopes and the presets before it.
    pub(super) fn fault<'a>(&'a self, scopes: &HashSet<&str>, ids: &mut HashSet<&'a str>) -> Option<String> {
        let is_id = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        let is_text =
            |text: &str, most| (1..=most).contains(&text.chars().count()) && !text.contains(is_refused);
        let mut held = HashSet::new();
        if !(1..=40).contains(&self.id.len()) || !self.id.chars().all(is_id) || self.id == CUSTOM {
            Some(format!(
                "the id {:?} must be lower-case letters, digits and _, 40 at most, and not {CUSTOM}",
                self.id
            ))
        } else if !ids.insert(&self.id) {
            Some(format!("the preset {:?} is listed twice", self.id))
        } else if !is_text(&self.label, 40) || self.label == CUSTOM_LABEL {
            Some(format!(
                "the label must have 1 to 40 characters and not be {CUSTOM_LABEL}"
            ))
        } else if !is_text(&self.description, 200) {
            Some("the description must have 1 to 200 characters".to_owned())
        } else if self.scopes.is_empty() {
            Some("a preset must have at least one scope".to_owned())
        } else if let Some(unknown) = self.scopes.iter().find(|scope| !scopes.contains(scope.as_str())) {
            Some(format!("there is no scope {unknown:?}"))
        } else {
            let twice = self.scopes.iter().find(|scope| !held.insert(scope.as_str()));
            twice.map(|scope| format!("the scope {scope:?} is listed twice"))
        }
    }
}

/// Whether a text is a valid scope: the characters of RFC 6749, section 3.3.
pub(super) fn is_scope(text: &str) -> bool {
    let fine = |byte: u8| byte.is_ascii_graphic() && byte != b'"' && byte != b'\\';
    (1..=64).contains(&text.len()) && text.bytes().all(fine)
}

/// Whether a text is a valid path pattern.
pub(super) fn is_pattern(text: &str) -> bool {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-._~!$&'()*+,=:@".contains(c);
    let is_segment = |segment: &str| {
        let name = segment.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
        name.map_or_else(
            || segment.chars().all(is_plain) && !matches!(segment, "" | "." | ".."),
            |name| !name.is_empty() && name.chars().all(is_name),
        )
    };
    text.len() <= 512
        && text
            .strip_prefix('/')
            .is_some_and(|rest| rest.split('/').all(is_segment))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_are_those_of_rfc_6749() {
        let longest = "s".repeat(64);
        for good in ["a", "library:read", "!", "~", &longest] {
            assert!(is_scope(good), "{good}");
        }
        let too_long = "s".repeat(65);
        for bad in ["", "a b", "a\"", "a\\", "caf\u{e9}", "a\n", &too_long] {
            assert!(!is_scope(bad), "{bad}");
        }
    }

    #[test]
    fn patterns_are_paths_with_names_in_braces() {
        let longest = format!("/{}", "a".repeat(511));
        for good in [
            "/v1/status",
            "/a-b._~!$&'()*+,=:@/9",
            "/{a}/{b_2}",
            "/...",
            &longest,
        ] {
            assert!(is_pattern(good), "{good}");
        }
        let too_long = format!("/{}", "a".repeat(512));
        for bad in [
            "",
            "/",
            "v1",
            "/v1/",
            "//v1",
            "/./v1",
            "/v1/..",
            "/{}",
            "/{a-b}",
            "/{a",
            "/a}",
            "/x{a}",
            "/a b",
            "/a%20b",
            "/a?b",
            "/a;b",
            "/caf\u{e9}",
            &too_long,
        ] {
            assert!(!is_pattern(bad), "{bad}");
        }
    }

    #[test]
    fn a_preset_is_named_described_and_has_known_scopes() {
        let preset = |id: &str, label: &str, description: &str, scopes: &[&str]| Preset {
            id: id.to_owned(),
            label: label.to_owned(),
            description: description.to_owned(),
            scopes: scopes.iter().map(|&scope| scope.to_owned()).collect(),
        };
        let known = HashSet::from(["a", "b"]);
        let is_good = |preset: Preset| preset.fault(&known, &mut HashSet::new()).is_none();
        let with_id = |id: &str| is_good(preset(id, "All", "Everything", &["a"]));
        assert!(with_id("read_only_2") && with_id(&"i".repeat(40)));
        for bad in ["", "Read", "read-only", "caf\u{e9}", CUSTOM, &"i".repeat(41)] {
            assert!(!with_id(bad), "{bad}");
        }
        let with_label = |label: &str| is_good(preset("all", label, "Everything", &["a"]));
        assert!(with_label("Caf\u{e9}") && with_label(&"\u{e9}".repeat(40)));
        for bad in ["", "a\nb", CUSTOM_LABEL, &"l".repeat(41)] {
            assert!(!with_label(bad), "{bad:?}");
        }
        let described = |text: &str| is_good(preset("all", "All", text, &["a"]));
        assert!(described(&"\u{e9}".repeat(200)));
        for bad in ["", "a\tb", &"d".repeat(201)] {
            assert!(!described(bad), "{bad:?}");
        }
        let with_scopes = |scopes: &[&str]| is_good(preset("all", "All", "Everything", scopes));
        assert!(with_scopes(&["a"]) && with_scopes(&["b", "a"]));
        for bad in [&[][..], &["c"], &["a", "c"], &["a", "b", "a"]] {
            assert!(!with_scopes(bad), "{bad:?}");
        }
        let mut ids = HashSet::new();
        let one = preset("all", "All", "Everything", &["a"]);
        assert_eq!(one.fault(&known, &mut ids), None);
        let fault = one.fault(&known, &mut ids).expect("the same id");
        assert!(fault.contains("twice"), "{fault}");
    }
}
