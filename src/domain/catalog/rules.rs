//! Rules for the parts of a catalogue.

use super::{CUSTOM, CUSTOM_LABEL, Preset};
use std::collections::HashSet;

impl Preset {
    /// Why the preset is invalid, given the catalogue's scopes and the presets before it.
    pub(super) fn fault<'a>(&'a self, scopes: &HashSet<&str>, ids: &mut HashSet<&'a str>) -> Option<String> {
        let is_id = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        let is_text =
            |text: &str, most| (1..=most).contains(&text.chars().count()) && !text.contains(char::is_control);
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
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-._~!$&'()*+,;=:@".contains(c);
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
