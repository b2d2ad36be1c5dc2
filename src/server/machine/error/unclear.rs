//! Requests that can be read in two ways (`BSE2405`): which part it is, and what would pass. The sentences quote names of
//! headers and single characters, never a value, because values can be secret.

use crate::domain::request_path::PathFault;
use std::borrow::Cow;

/// Maximum length of a quoted header name, in characters: shorter than a key.
const LONGEST_NAME: usize = 32;

/// The part of a request that can be read in two ways.
#[derive(Debug)]
pub enum Unclear {
    /// The subrequest lacks this header, which names the original request.
    Missing(&'static str),
    /// It has this header more than once.
    Repeated(&'static str),
    /// This header of another kind of proxy names another request.
    Contradicts(&'static str),
    /// The method is empty, or has a character other than a capital letter.
    Method(Option<char>),
    /// The path.
    Path(PathFault),
    /// This header gives the request another method or path.
    Override(String),
    /// The first header can be mistaken for the second one, which only the proxy sets.
    Disguise(String, String),
    /// nginx called the endpoint of earlier releases.
    FormerNginx,
}

impl Unclear {
    /// The part of the request.
    #[must_use]
    pub const fn part(&self) -> &'static str {
        match self {
            Self::Method(_) => "method",
            Self::Path(_) | Self::FormerNginx => "path",
            Self::Missing(_)
            | Self::Repeated(_)
            | Self::Contradicts(_)
            | Self::Override(_)
            | Self::Disguise(..) => "header",
        }
    }

    /// The character, or the name of the header.
    #[must_use]
    pub fn found(&self) -> Option<Cow<'_, str>> {
        match self {
            Self::Missing(name) | Self::Repeated(name) | Self::Contradicts(name) => Some((*name).into()),
            Self::Method(found) => Some(found.filter(char::is_ascii_graphic)?.to_string().into()),
            Self::Path(fault) => fault.found(),
            Self::Override(name) | Self::Disguise(name, _) => Some(quoted(name)),
            Self::FormerNginx => None,
        }
    }

    /// What is wrong, and what would pass.
    #[must_use]
    pub fn sentence(&self) -> String {
        match self {
            Self::Missing(name) => format!(
                "The proxy's subrequest has no header {name}, which must name the request. Configure the proxy as in Guard your API."
            ),
            Self::Repeated(name) => {
                format!(
                    "The header {name} is there more than once. Only the proxy may send it, and only once."
                )
            }
            Self::Contradicts(name) => format!(
                "The header {name} names another request than the one that the proxy asks about. Leave it out."
            ),
            Self::Method(Some(found)) if found.is_ascii_graphic() => {
                format!(
                    "The method contains the character {found}. Send a method in capital letters, such as GET."
                )
            }
            Self::Method(_) => {
                "The method is not made of capital letters. Send a method such as GET.".to_owned()
            }
            Self::Path(fault) => fault.sentence(),
            Self::Override(name) => format!(
                "The header {} can give the request another method or path than the checked one. Leave it out.",
                quoted(name)
            ),
            Self::Disguise(name, meant) => format!(
                "The header {} can be mistaken for {}, which only the proxy may set. Leave it out.",
                quoted(name),
                quoted(meant)
            ),
            Self::FormerNginx => {
                "The proxy of this API asks at an address that has moved. Its operator must set \
                                  proxy_pass to /forward-auth-nginx."
                    .to_owned()
            }
        }
    }
}

/// A header name, shortened so that it cannot hold a key.
fn quoted(name: &str) -> Cow<'_, str> {
    match name.char_indices().nth(LONGEST_NAME) {
        Some((end, _)) => format!("{}...", &name[..end]).into(),
        None => name.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sentence_names_the_part_and_fits_a_header() {
        let all = [
            Unclear::Missing("x-forwarded-uri"),
            Unclear::Repeated("x-forwarded-uri"),
            Unclear::Contradicts("x-original-uri"),
            Unclear::Method(None),
            Unclear::Method(Some('-')),
            Unclear::Method(Some('\u{e9}')),
            Unclear::Path(PathFault::EmptySegment),
            Unclear::Override("x-http-method".to_owned()),
            Unclear::Disguise("x_account_id".to_owned(), "x-account-id".to_owned()),
            Unclear::FormerNginx,
        ];
        for unclear in all {
            let sentence = unclear.sentence();
            let part = if matches!(unclear, Unclear::FormerNginx) {
                "proxy_pass"
            } else {
                unclear.part()
            };
            assert!(
                sentence.contains(part) && sentence.is_ascii(),
                "{unclear:?}: {sentence}"
            );
            if let Some(found) = unclear.found() {
                assert!(sentence.contains(&*found), "{unclear:?}: {sentence}");
            }
        }
    }

    #[test]
    fn a_key_in_a_name_is_cut() {
        let key = "bye_0123456789abcdefghijABCDEFGHIJ01234567";
        let name = format!("x_forwarded_{key}");
        let unclear = Unclear::Disguise(name.clone(), name.replace('_', "-"));
        let sentence = unclear.sentence();
        assert!(!sentence.contains(&key[..21]), "{sentence}");
        assert!(
            unclear
                .found()
                .is_some_and(|found| found.len() <= LONGEST_NAME + 3)
        );
    }
}
