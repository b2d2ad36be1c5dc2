//! Cursor pagination of lists, newest first: a page starts at a row and not at an offset, so that rows that
//! are added or removed meanwhile do not shift it.

use super::time::Timestamp;
use std::{fmt, str::FromStr};
use uuid::Uuid;

/// A cursor: time and id of a row. Written `1795453200000.0f8fad5b-d9cb-469f-a165-70867728950e`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// Creation time of the row.
    pub at: Timestamp,
    /// Tells rows of the same time apart.
    pub id: Uuid,
}

impl Cursor {
    /// Values for the columns of ORDER BY: milliseconds, and the id as text.
    #[must_use]
    pub fn columns(self) -> (i64, String) {
        (self.at.millis(), self.id.to_string())
    }

    /// Values for the condition of a page of older rows: without a cursor, all rows are older.
    #[must_use]
    pub fn older_than(cursor: Option<Self>) -> (i64, String) {
        cursor.map_or((i64::MAX, String::new()), Self::columns)
    }

    /// Values for the condition of a page of newer rows: without a cursor, all rows are newer.
    #[must_use]
    pub fn newer_than(cursor: Option<Self>) -> (i64, String) {
        cursor.map_or((i64::MIN, String::new()), Self::columns)
    }
}

/// The text is no cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a cursor")]
pub struct NotACursor;

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.at.millis(), self.id)
    }
}

impl FromStr for Cursor {
    type Err = NotACursor;
    fn from_str(text: &str) -> Result<Self, NotACursor> {
        let (at, id) = text.split_once('.').ok_or(NotACursor)?;
        Ok(Self {
            at: Timestamp::from_millis(at.parse().map_err(|_| NotACursor)?),
            id: Uuid::try_parse(id).map_err(|_| NotACursor)?,
        })
    }
}

/// The requested page of a list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Page {
    /// The newest rows.
    #[default]
    First,
    /// The rows after this cursor.
    Older(Cursor),
    /// The rows directly before this cursor.
    Newer(Cursor),
    /// The oldest rows.
    Last,
}

impl Page {
    /// Parses the query: `page=last`, `older=CURSOR` or `newer=CURSOR`. An invalid cursor gives the first
    /// page, because an outdated link is not worth an error.
    #[must_use]
    pub fn parse(page: &str, older: &str, newer: &str) -> Self {
        match (page, older.parse(), newer.parse()) {
            ("last", _, _) => Self::Last,
            (_, Ok(cursor), _) => Self::Older(cursor),
            (_, _, Ok(cursor)) => Self::Newer(cursor),
            _ => Self::First,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursors_read_back() {
        let cursor = Cursor {
            at: Timestamp::from_millis(-5),
            id: Uuid::from_u128(7),
        };
        assert_eq!(cursor.to_string().parse(), Ok(cursor));
        let columns = (-5, "00000000-0000-0000-0000-000000000007".to_owned());
        assert_eq!(Cursor::older_than(Some(cursor)), columns);
        assert_eq!(Cursor::newer_than(Some(cursor)), columns);
        assert_eq!(
            Cursor::older_than(None).0,
            i64::MAX,
            "older than nothing: every row"
        );
        assert_eq!(
            Cursor::newer_than(None).0,
            i64::MIN,
            "newer than nothing: every row"
        );
        for bad in [
            "",
            ".",
            "1",
            "1.",
            "1.x",
            "x.00000000-0000-0000-0000-000000000007",
        ] {
            assert_eq!(bad.parse::<Cursor>(), Err(NotACursor), "{bad:?}");
        }
    }

    #[test]
    fn an_invalid_cursor_is_the_first_page() {
        assert_eq!(Page::parse("", "1.x", ""), Page::First);
        assert_eq!(Page::parse("last", "", ""), Page::Last);
        let cursor = "5.00000000-0000-0000-0000-000000000007";
        assert_eq!(
            Page::parse("", cursor, ""),
            Page::Older(cursor.parse().expect("a cursor"))
        );
        assert_eq!(
            Page::parse("", "", cursor),
            Page::Newer(cursor.parse().expect("a cursor"))
        );
    }
}
