//! The activity as CSV and as JSON. Both are UTF-8.

use crate::domain::{activity::Entry, plain_text::is_unseen};
use serde_json::json;

/// Format of an export.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    /// RFC 4180.
    Csv,
    /// One array.
    Json,
}

impl Format {
    /// The format with this name in the query.
    pub(super) fn from_id(id: &str) -> Option<Self> {
        match id {
            "csv" => Some(Self::Csv),
            "json" => Some(Self::Json),
            _ => None,
        }
    }

    /// Name for people.
    pub(super) const fn label(self) -> &'static str {
        match self {
            Self::Csv => "CSV",
            Self::Json => "JSON",
        }
    }

    /// Media type. JSON is always UTF-8, and its type has no parameter for it (RFC 8259, sections 8.1 and 11).
    pub(super) const fn media_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8; header=present",
            Self::Json => "application/json",
        }
    }

    /// Name of the file.
    pub(super) const fn file(self) -> &'static str {
        match self {
            Self::Csv => "activity.csv",
            Self::Json => "activity.json",
        }
    }

    /// A part of the file. `first` and `last` say whether it begins and ends the file.
    pub(super) fn part(self, entries: &[Entry], first: bool, last: bool) -> Vec<u8> {
        match self {
            Self::Csv => csv(entries.iter().map(cells), first),
            Self::Json => json(entries, first, last),
        }
    }
}

/// The vendor's fields (docs.babysea.ai, `/dashboard/activity`), then ours.
const COLUMNS: [&str; 11] = [
    "event_id",
    "actor",
    "category",
    "action",
    "description",
    "timestamp",
    "actor_id",
    "target_id",
    "target_name",
    "request_id",
    "ip_hash",
];

/// Without this mark some spreadsheets take the file for another encoding. Readers of UTF-8 with a mark leave it out.
const BYTE_ORDER_MARK: &[u8] = "\u{FEFF}".as_bytes();

/// Values of an entry's columns.
fn cells(entry: &Entry) -> [String; 11] {
    let (category, action) = entry.event.id().split_once('.').unwrap_or_default();
    [
        entry.id.to_string(),
        entry.actor_name.clone(),
        category.to_owned(),
        action.to_owned(),
        entry.description(),
        entry.at.iso(),
        entry.actor.map(|id| id.to_string()).unwrap_or_default(),
        entry.target.clone(),
        entry.target_name.clone(),
        entry.request_id.clone(),
        entry.ip_hash.clone().unwrap_or_default(),
    ]
}

/// Signs that make a spreadsheet take a cell for a formula at its start; the last four in East Asian width.
fn is_sign(c: char) -> bool {
    matches!(
        c,
        '=' | '+' | '-' | '@' | '\t' | '\r' | '\0' | '＝' | '＋' | '－' | '＠'
    )
}

/// Where a reader may begin a cell: at its own list separator, which depends on the reader's country and settings, or at
/// a line break.
fn is_separator(c: char) -> bool {
    matches!(c, ',' | ';' | '\t' | '|' | '\r' | '\n')
}

/// What readers drop at the start of a cell: quotes, blanks, invisible characters.
fn is_dropped(c: char) -> bool {
    c == '"' || c.is_whitespace() || is_unseen(c)
}

/// A cell in which no part that a spreadsheet may take for a cell is a formula: a `'` stands before a sign at the start and
/// after each separator (docs/security.md, S61).
fn harmless(cell: &str) -> String {
    let mut text = String::with_capacity(cell.len());
    let mut is_start = true;
    for c in cell.chars() {
        if is_start && is_sign(c) {
            text.push('\'');
        }
        text.push(c);
        is_start = is_separator(c) || (is_start && !is_sign(c) && is_dropped(c));
    }
    text
}

/// Lines of RFC 4180, every cell quoted; with `first`, the byte order mark and the column names come first.
fn csv(rows: impl Iterator<Item = [String; 11]>, first: bool) -> Vec<u8> {
    let mut writer = csv::WriterBuilder::new()
        .terminator(csv::Terminator::CRLF)
        .quote_style(csv::QuoteStyle::Always)
        .from_writer(if first {
            BYTE_ORDER_MARK.to_vec()
        } else {
            Vec::new()
        });
    // Cannot fail: it writes to memory.
    if first {
        let _ = writer.write_record(COLUMNS);
    }
    for row in rows {
        let _ = writer.write_record(row.iter().map(|cell| harmless(cell)));
    }
    writer.into_inner().unwrap_or_default()
}

/// Elements of one array, which `first` opens and `last` closes.
fn json(entries: &[Entry], first: bool, last: bool) -> Vec<u8> {
    let mut text = String::new();
    for (n, entry) in entries.iter().enumerate() {
        let object = COLUMNS.into_iter().zip(cells(entry)).map(|(name, cell)| {
            let is_absent = cell.is_empty() && matches!(name, "actor_id" | "request_id" | "ip_hash");
            (name.to_owned(), if is_absent { json!(null) } else { json!(cell) })
        });
        text.push_str(if first && n == 0 { "[\n" } else { ",\n" });
        text.push_str(&serde_json::Value::Object(object.collect()).to_string());
    }
    if last {
        text.push_str(if first { "[]\n" } else { "\n]\n" });
    }
    text.into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::{collection::vec, prelude::*, sample::select};

    #[test]
    fn a_sign_at_the_start_of_a_cell_is_neutralised() {
        for (cell, written) in [
            ("=1+1", "'=1+1"),
            ("+1", "'+1"),
            ("-1", "'-1"),
            ("@a", "'@a"),
            ("\ta", "'\ta"),
            ("\ra", "'\ra"),
            ("\0a", "'\0a"),
            ("＝1", "'＝1"),
            (" =1", " '=1"),
            ("\u{200B}=1", "\u{200B}'=1"),
            ("a=1", "a=1"),
            ("a-b, c", "a-b, c"),
            ("", ""),
        ] {
            assert_eq!(harmless(cell), written, "{cell:?}");
        }
    }

    #[test]
    fn so_is_one_after_every_separator() {
        for (cell, written) in [
            ("x;=1+1", "x;'=1+1"),
            ("x|+1", "x|'+1"),
            ("x,-1", "x,'-1"),
            ("x\t@a", "x\t'@a"),
            ("x; \"=1", "x; \"'=1"),
            ("x\n=1", "x\n'=1"),
            ("=1;=2", "'=1;'=2"),
            ("\t=1", "'\t'=1"),
        ] {
            assert_eq!(harmless(cell), written, "{cell:?}");
        }
    }

    #[test]
    fn every_cell_is_quoted_and_the_file_says_that_it_is_utf_8() {
        let row = ["1", "Zoë", "", "a \"b\"", "", "", "", "", "=1", "", ""].map(str::to_owned);
        let text = |first| String::from_utf8(csv([row.clone()].into_iter(), first)).expect("UTF-8");
        let line = "\"1\",\"Zoë\",\"\",\"a \"\"b\"\"\",\"\",\"\",\"\",\"\",\"'=1\",\"\",\"\"\r\n";
        assert_eq!(text(false), line);
        let whole = text(true);
        assert!(whole.starts_with("\u{FEFF}\"event_id\",\"actor\","), "{whole}");
        assert!(whole.ends_with(line), "{whole}");
    }

    const PARTS: &[&str] = &[
        "=", "+", "-", "@", "\t", "\r", "\0", "＝", ",", ";", "|", "\n", "\"", "'", " ", "\u{200B}", "a",
        "1", "é",
    ];

    /// Text with many signs, separators and quotes.
    fn cell() -> impl Strategy<Value = String> {
        vec(select(PARTS), 0..12).prop_map(|parts| parts.concat())
    }

    /// What a reader with this separator sees, with or without regard to quotes.
    fn read(file: &[u8], separator: u8, quotes: bool) -> Vec<Vec<String>> {
        let mut reader = csv::ReaderBuilder::new()
            .delimiter(separator)
            .quoting(quotes)
            .has_headers(false)
            .flexible(true)
            .from_reader(file);
        let rows = reader.records().map(|row| row.expect("UTF-8"));
        rows.map(|row| row.iter().map(str::to_owned).collect()).collect()
    }

    proptest! {
        #[test]
        fn no_reader_finds_a_formula(cells in prop::array::uniform11(cell())) {
            let file = csv([cells.clone()].into_iter(), true);
            for separator in [b',', b';', b'\t', b'|'] {
                for quotes in [true, false] {
                    for cell in read(&file, separator, quotes).iter().flatten() {
                        let seen = cell.trim_start_matches(is_dropped);
                        prop_assert!(!seen.starts_with(is_sign), "{:?} by {:?}", cell, char::from(separator));
                    }
                }
            }
            // A reader of RFC 4180 gets the cells back, but for the signs that were added.
            let rows = read(&file, b',', true);
            prop_assert_eq!(rows.len(), 2);
            let without = |text: &str| text.replace('\'', "");
            for (cell, written) in rows[1].iter().zip(&cells) {
                prop_assert_eq!(without(cell), without(written));
            }
        }
    }
}
