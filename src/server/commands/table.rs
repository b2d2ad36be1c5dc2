//! Lists on standard output: aligned columns, or a JSON object on each line. Rows are printed as they are
//! read, so that a list of any length needs the memory of one page.

use crate::domain::plain_text;
use serde_json::{Map, Value};
use std::io::{self, Write as _};

/// A list that is being printed.
pub struct Table {
    columns: &'static [&'static str],
    json: bool,
    widths: Vec<usize>,
    has_begun: bool,
    is_open: bool,
}

impl Table {
    /// A list with these columns. JSON uses their names in lower case.
    pub fn new(columns: &'static [&'static str], json: bool) -> Self {
        Self {
            columns,
            json,
            widths: columns.iter().map(|name| name.chars().count()).collect(),
            has_begun: false,
            is_open: true,
        }
    }

    /// Prints rows; returns whether the output is still open, so that the caller can stop reading from the
    /// database.
    pub fn write(&mut self, rows: &[Vec<String>]) -> bool {
        let text = self.text(rows);
        let mut output = io::stdout().lock();
        let written = output.write_all(text.as_bytes()).and_then(|()| output.flush());
        self.is_open &= written.is_ok();
        self.is_open
    }

    fn text(&mut self, rows: &[Vec<String>]) -> String {
        if self.json {
            return rows.iter().map(|row| self.object(row)).collect();
        }
        let rows: Vec<Vec<String>> = rows
            .iter()
            .map(|row| row.iter().map(|cell| shown(cell)).collect())
            .collect();
        for row in &rows {
            for (width, cell) in self.widths.iter_mut().zip(row) {
                *width = (*width).max(cell.chars().count());
            }
        }
        let names: Vec<_> = self.columns.iter().map(|&name| name.to_owned()).collect();
        let head = (!std::mem::replace(&mut self.has_begun, true)).then_some(&names);
        head.into_iter().chain(&rows).map(|row| self.line(row)).collect()
    }

    fn line(&self, row: &[String]) -> String {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(&self.widths) {
            line.push_str(cell);
            let missing = width.saturating_sub(cell.chars().count());
            line.extend(std::iter::repeat_n(' ', missing + 2));
        }
        format!("{}\n", line.trim_end())
    }

    fn object(&self, row: &[String]) -> String {
        let cells = self.columns.iter().zip(row);
        let object: Map<String, Value> = cells
            .map(|(name, cell)| (name.to_lowercase().replace(' ', "_"), Value::from(cell.as_str())))
            .collect();
        format!("{}\n", Value::Object(object))
    }
}

/// User-provided text, made safe for one line of a terminal: no control characters, no bidirectional
/// overrides.
pub fn shown(text: &str) -> String {
    let safe = |c: char| match c {
        _ if plain_text::is_refused(c) => '\u{FFFD}',
        '\u{200E}' | '\u{200F}' | '\u{2061}'..='\u{2065}' => '\u{FFFD}',
        _ => c,
    };
    text.chars().map(safe).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(cells: &[&str]) -> Vec<String> {
        cells.iter().map(|&cell| cell.to_owned()).collect()
    }

    #[test]
    fn columns_stand_below_each_other() {
        let mut table = Table::new(&["NAME", "SINCE"], false);
        let text = table.text(&[row(&["Ada Moss", "2026"]), row(&["Ü", ""])]);
        assert_eq!(text, "NAME      SINCE\nAda Moss  2026\nÜ\n");
        // Later rows can be wider, and the header is not printed again.
        assert_eq!(
            table.text(&[row(&["x\u{1b}[31m", "2027"])]),
            "x\u{FFFD}[31m    2027\n"
        );
        assert_eq!(Table::new(&["NAME"], false).text(&[]), "NAME\n");
    }

    #[test]
    fn json_has_an_object_on_each_line() {
        let mut table = Table::new(&["NAME", "MADE BY"], true);
        let text = table.text(&[row(&["a \"b\"\n", ""]), row(&["c", "d"])]);
        assert_eq!(
            text,
            "{\"made_by\":\"\",\"name\":\"a \\\"b\\\"\\n\"}\n{\"made_by\":\"d\",\"name\":\"c\"}\n"
        );
        assert_eq!(table.text(&[]), "");
    }
}
