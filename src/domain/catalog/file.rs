//! The catalogue as a TOML file; the vendor's is built in.

use super::{Catalog, Fault, Part, Preset};
use serde::Deserialize;
use std::{fmt, ops::Range};
use toml::Spanned;

const VENDOR: &str = include_str!("vendor.toml");

/// Why a catalogue file is invalid, for its author.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct FileError {
    /// Line number, from 1; `None` if the error is not in one line.
    pub line: Option<usize>,
    /// Reason, as a sentence.
    pub reason: String,
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(line) = self.line {
            write!(f, "line {line}: ")?;
        }
        f.write_str(&self.reason)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    scopes: Vec<Spanned<String>>,
    presets: Vec<Spanned<PresetTable>>,
    routes: Vec<Spanned<RouteTable>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PresetTable {
    id: String,
    label: String,
    description: String,
    scopes: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RouteTable {
    method: String,
    pattern: String,
    scope: String,
}

impl Catalog {
    /// Parses the text of a file.
    ///
    /// # Errors
    /// The first error, and its line.
    pub fn parse(text: &str) -> Result<Self, FileError> {
        let line = |span: Range<usize>| {
            text.get(..span.start)
                .map(|before| before.matches('\n').count() + 1)
        };
        let file: File = toml::from_str(text).map_err(|error| FileError {
            line: error.span().and_then(line),
            reason: error.message().trim().replace('\n', ", "),
        })?;
        let spans = (
            file.scopes.iter().map(Spanned::span).collect::<Vec<_>>(),
            file.presets.iter().map(Spanned::span).collect::<Vec<_>>(),
            file.routes.iter().map(Spanned::span).collect::<Vec<_>>(),
        );
        let presets = file.presets.into_iter().map(|table| {
            let table = table.into_inner();
            Preset {
                id: table.id,
                label: table.label,
                description: table.description,
                scopes: table.scopes,
            }
        });
        let routes = file.routes.into_iter().map(|table| {
            let table = table.into_inner();
            (table.method, table.pattern, table.scope)
        });
        let scopes = file.scopes.into_iter().map(Spanned::into_inner).collect();
        Self::new(scopes, presets.collect(), routes.collect()).map_err(|Fault { part, reason }| FileError {
            line: match part {
                Part::Catalog => None,
                Part::Scope(n) => line(spans.0[n].clone()),
                Part::Preset(n) => line(spans.1[n].clone()),
                Part::Route(n) => line(spans.2[n].clone()),
            },
            reason,
        })
    }

    /// The built-in catalogue of the vendor.
    ///
    /// # Panics
    /// Never: a test parses it.
    #[must_use]
    #[expect(
        clippy::expect_used,
        reason = "the text is part of the program, and a test reads it"
    )]
    pub fn vendor() -> Self {
        Self::parse(VENDOR).expect("the vendor's catalogue")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"scopes = [
    "read",
    "write",
]

[[presets]]
id = "all"
label = "All"
description = "Everything"
scopes = ["read", "write"]

[[routes]]
method = "GET"
pattern = "/things/{id}"
scope = "read"
"#;

    #[test]
    fn the_vendors_file_can_be_read() {
        let vendor = Catalog::vendor();
        assert_eq!(
            (vendor.scopes.len(), vendor.presets.len(), vendor.routes.len()),
            (6, 4, 17)
        );
    }

    #[test]
    fn a_wrong_file_is_refused_with_its_line() {
        assert!(Catalog::parse(GOOD).is_ok());
        for (from, to, line, word) in [
            ("\"write\",\n", "\"write\" \"x\",\n", Some(3), ""),
            ("\"write\",\n", "\"read\",\n", Some(3), "twice"),
            ("\"write\",\n", "\"wr ite\",\n", Some(3), "wr ite"),
            ("label = \"All\"", "lable = \"All\"", Some(8), "lable"),
            ("label = \"All\"", "label = \"\"", Some(6), "label"),
            ("id = \"all\"", "id = \"custom\"", Some(6), "custom"),
            ("scopes = [\"read\", \"write\"]", "scopes = []", Some(6), "scope"),
            (
                "scopes = [\"read\", \"write\"]",
                "scopes = [\"fly\"]",
                Some(6),
                "fly",
            ),
            ("scope = \"read\"", "scope = \"fly\"", Some(12), "fly"),
            ("\"GET\"", "\"get\"", Some(12), "get"),
            ("\"/things/{id}\"", "\"things\"", Some(12), "things"),
            ("\"/things/{id}\"", "\"/a//b\"", Some(12), "/a//b"),
            ("\"/things/{id}\"", "\"/a/../b\"", Some(12), "/a/../b"),
            ("\"/things/{id}\"", "\"/a/x{id}\"", Some(12), "x{id}"),
            ("scope = \"read\"\n", "", Some(12), "scope"),
        ] {
            assert!(GOOD.contains(from), "{from}");
            let error = Catalog::parse(&GOOD.replace(from, to)).expect_err(to);
            assert_eq!(error.line, line, "{to}: {error}");
            assert!(error.reason.contains(word), "{to}: {error}");
            assert_eq!(error.to_string().lines().count(), 1, "{error}");
        }
        let twice =
            format!("{GOOD}\n[[routes]]\nmethod = \"GET\"\npattern = \"/things/{{id}}\"\nscope = \"read\"\n");
        assert_eq!(Catalog::parse(&twice).expect_err("twice").line, Some(17));
    }
}
