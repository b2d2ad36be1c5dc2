//! The path of a request, as every parser reads it (docs/security.md, S47). The gate and the API behind it may use
//! different parsers, so a path that two of them may read differently is refused.

use std::borrow::Cow;

/// Why a path can be read in two ways, or not at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PathFault {
    /// It does not begin with a slash.
    NoSlash,
    /// It has an empty segment.
    EmptySegment,
    /// It has this segment: `.` or `..`.
    DotSegment(String),
    /// It has this escape, as sent, of this byte.
    Escape(String, u8),
    /// It has a percent sign without two hexadecimal digits.
    Incomplete,
    /// It has this character.
    Character(char),
    /// It is not UTF-8.
    NotText,
}

impl PathFault {
    /// What was found in the path, in visible ASCII.
    #[must_use]
    pub fn found(&self) -> Option<Cow<'_, str>> {
        match self {
            Self::NoSlash | Self::NotText => None,
            Self::EmptySegment => Some("//".into()),
            Self::DotSegment(found) | Self::Escape(found, _) => Some(found.into()),
            Self::Incomplete => Some("%".into()),
            Self::Character(found) if found.is_ascii_graphic() => Some(found.to_string().into()),
            Self::Character(found) => Some(escaped(*found).into()),
        }
    }

    /// What is wrong, and what would pass.
    #[must_use]
    pub fn sentence(&self) -> String {
        match self {
            Self::NoSlash => "The path does not begin with a slash. Send a path such as /v1/status.".to_owned(),
            Self::EmptySegment => {
                "The path contains //, which some servers read as a single slash. Send a single slash.".to_owned()
            }
            Self::DotSegment(found) => format!(
                "The path contains the segment {found}, which some servers resolve. Send the path that it leads to."
            ),
            Self::Escape(found, b'.') => format!(
                "The path contains {found}, which some servers read as a dot that leads elsewhere. Send the dot itself."
            ),
            Self::Escape(found, byte) if byte.is_ascii_control() => {
                format!("The path contains the control character {found}. Leave it out.")
            }
            Self::Escape(found, byte) => {
                let meaning = match byte {
                    b'/' => "a slash",
                    b'\\' => "a backslash",
                    b'%' => "the beginning of another escape",
                    b'?' => "the beginning of the query",
                    b'#' => "the end of the path",
                    // No UTF-8 has these bytes: careless decoders make a dot or a slash of them.
                    0xC0 | 0xC1 => "a dot or a slash",
                    _ => "the beginning of a parameter",
                };
                format!(
                    "The path contains {found}, which some servers read as {meaning}. Send such a name in the query."
                )
            }
            Self::Incomplete => "The path contains a percent sign without two hexadecimal digits after it. Send such a \
                                 name in the query, with the percent sign as %25."
                .to_owned(),
            Self::Character(found @ ('\\' | ';' | '#' | '?')) => {
                let meaning = match found {
                    '\\' => "a slash",
                    ';' => "the beginning of a parameter",
                    '?' => "the beginning of the query",
                    _ => "the end of the path",
                };
                format!(
                    "The path contains the character {found}, which some servers read as {meaning}. Send such a name in \
                     the query."
                )
            }
            Self::Character(found) if found.is_control() => {
                format!("The path contains the control character {}. Leave it out.", escaped(*found))
            }
            Self::Character(found) => format!(
                "The path contains a character that must be escaped. Send it as {}.",
                escaped(*found)
            ),
            Self::NotText => {
                "The path contains bytes that are not ASCII. Send each of them percent-encoded, such as %C3%BC.".to_owned()
            }
        }
    }
}

/// The percent-encoding of a character.
fn escaped(c: char) -> String {
    let mut utf8 = [0; 4];
    c.encode_utf8(&mut utf8)
        .bytes()
        .fold(String::new(), |text, byte| format!("{text}%{byte:02X}"))
}

/// The path in the form in which it is compared with routes: an escape of a letter, a digit, `-`, `_` or `~` is that
/// character (RFC 3986, section 6.2.2.2). An escaped dot is not, because it can be part of `..`.
///
/// # Errors
/// Why the path can be read in two ways.
pub fn read(path: &str) -> Result<Cow<'_, str>, PathFault> {
    if !path.starts_with('/') {
        return Err(PathFault::NoSlash);
    }
    if let Some(found) = path.chars().find(|&c| !is_plain(c)) {
        return Err(PathFault::Character(found));
    }
    if path.contains("//") {
        return Err(PathFault::EmptySegment);
    }
    if let Some(found) = path.split('/').find(|segment| matches!(*segment, "." | "..")) {
        return Err(PathFault::DotSegment(found.to_owned()));
    }
    // Fast path: most paths have no escapes.
    if path.contains('%') {
        unescaped(path).map(Cow::Owned)
    } else {
        Ok(Cow::Borrowed(path))
    }
}

/// Characters that every parser takes for themselves, and the percent sign of an escape.
fn is_plain(c: char) -> bool {
    c.is_ascii_graphic() && !"\\\"<>^`{|}#;?".contains(c)
}

fn unescaped(path: &str) -> Result<String, PathFault> {
    let mut parts = path.split('%');
    let mut read = String::with_capacity(path.len());
    read.push_str(parts.next().unwrap_or_default());
    for after in parts {
        let (digits, rest) = after.split_at_checked(2).ok_or(PathFault::Incomplete)?;
        let byte = if digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            u8::from_str_radix(digits, 16).ok()
        } else {
            None
        };
        let byte = byte.ok_or(PathFault::Incomplete)?;
        if byte.is_ascii_alphanumeric() || b"-_~".contains(&byte) {
            read.push(char::from(byte));
        } else if byte.is_ascii_control() || b"./\\;%?#\xC0\xC1".contains(&byte) {
            return Err(PathFault::Escape(format!("%{digits}"), byte));
        } else {
            read.push('%');
            read.push_str(digits);
        }
        read.push_str(rest);
    }
    Ok(read)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn clear_paths_are_read_as_they_are() {
        for path in [
            "/",
            "/v1/status",
            "/v1/content/a%20b",
            "/v1/content/%C3%BC",
            "/v1/content/%c3%bc",
            "/a/",
            "/a.b/..c",
            "/a:b@c,d=e!",
            "/a~b-c_d",
        ] {
            assert_eq!(read(path).as_deref(), Ok(path));
        }
    }

    #[test]
    fn an_escape_that_is_not_needed_is_its_character() {
        for (path, meant) in [
            ("/v1/%73tatus", "/v1/status"),
            ("/v1/content/a%7Eb", "/v1/content/a~b"),
            ("/v1/content/a%7eb%2D%5f%39", "/v1/content/a~b-_9"),
            ("/%76%31/%20%41", "/v1/%20A"),
        ] {
            assert_eq!(read(path).as_deref(), Ok(meant));
        }
    }

    #[test]
    fn a_path_that_can_be_read_in_two_ways_says_why() {
        for (path, found) in [
            ("", None),
            ("v1", None),
            ("*", None),
            ("http://x/v1", None),
            ("/v1/../v1/status", Some("..")),
            ("/v1/./status", Some(".")),
            ("/..", Some("..")),
            ("/.", Some(".")),
            ("/v1//status", Some("//")),
            ("//v1", Some("//")),
            ("/v1/status//", Some("//")),
            ("/v1/%2e%2e/status", Some("%2e")),
            ("/v1/%2E/status", Some("%2E")),
            ("/v1%2fstatus", Some("%2f")),
            ("/v1%2Fstatus", Some("%2F")),
            ("/v1%5cstatus", Some("%5c")),
            ("/v1\\status", Some("\\")),
            ("/v1/status%00", Some("%00")),
            ("/v1/status%0a", Some("%0a")),
            ("/v1/%", Some("%")),
            ("/v1/%4", Some("%")),
            ("/v1/%zz", Some("%")),
            ("/v1/%+1", Some("%")),
            ("/v1/%%41", Some("%")),
            ("/v1/st atus", Some("%20")),
            ("/v1/status#x", Some("#")),
            ("/v1/status;x=1", Some(";")),
            ("/v1/%3bx", Some("%3b")),
            ("/v1/status%3Fx", Some("%3F")),
            ("/v1/status%23x", Some("%23")),
            ("/v1/%C0%AE/status", Some("%C0")),
            ("/v1%c1%9cstatus", Some("%c1")),
            ("/v1/%252e", Some("%25")),
            ("/v1/\u{e9}", Some("%C3%A9")),
            ("/v1/status\u{7f}", Some("%7F")),
            ("/v1/a|b", Some("|")),
        ] {
            let fault = read(path).expect_err(path);
            assert_eq!(fault.found().as_deref(), found, "{path:?}");
            let sentence = fault.sentence();
            assert!(
                sentence.is_ascii() && sentence.ends_with('.'),
                "{path:?}: {sentence}"
            );
            assert!(
                found.is_none_or(|found| found == "%" || sentence.contains(found) || found == "|"),
                "{sentence}"
            );
        }
        assert_eq!(PathFault::NotText.found(), None);
    }

    /// What an API that decodes the path once, and resolves it, sees.
    fn decoded(path: &str) -> Vec<u8> {
        percent_encoding::percent_decode_str(path).collect()
    }

    proptest! {
        #[test]
        fn a_path_that_is_read_means_the_same_to_parsers_that_decode(
            pieces in proptest::collection::vec(
                prop_oneof![
                    "[ -~]{0,3}",
                    any::<u8>().prop_map(|byte| format!("%{byte:02X}")),
                    any::<u8>().prop_map(|byte| format!("%{byte:02x}")),
                    Just("/".to_owned()),
                    Just(".".to_owned()),
                    "\\PC",
                ],
                0..12,
            )
        ) {
            let path = format!("/{}", pieces.concat());
            if let Ok(meant) = read(&path) {
                let bytes = decoded(&path);
                prop_assert_eq!(&bytes, &decoded(&meant));
                // Decoding finds the same segments, and none that leads elsewhere.
                prop_assert_eq!(
                    bytes.split(|byte| *byte == b'/').count() - 1,
                    path.matches('/').count()
                );
                prop_assert!(bytes.split(|byte| *byte == b'/').all(|part| part != b"." && part != b".."));
                prop_assert!(!bytes.iter().any(|byte| byte.is_ascii_control() || b"\\;%?#\xC0\xC1".contains(byte)));
                // Reading again changes nothing.
                let again = read(&meant);
                prop_assert_eq!(again.as_deref(), Ok(&*meant));
            }
        }

        #[test]
        fn random_escapes_of_a_route_are_that_route(escapes in proptest::collection::vec(any::<bool>(), 10)) {
            let spelled: String = "/v1/status"
                .chars()
                .zip(escapes)
                .map(|(c, escape)| if escape && c != '/' { escaped(c) } else { c.to_string() })
                .collect();
            let meant = read(&spelled);
            prop_assert_eq!(meant.as_deref(), Ok("/v1/status"));
        }
    }
}
