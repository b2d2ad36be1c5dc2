//! Pages of a list that is ordered newest first, by the place where they begin: rows that come or go meanwhile move
//! nothing.

use super::time::Timestamp;
use std::{fmt, str::FromStr};
use uuid::Uuid;

/// The place of a row: its time, then its id. Written `1795453200000.0f8fad5b-d9cb-469f-a165-70867728950e`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// When the row was made.
    pub at: Timestamp,
    /// Distinguishes rows of the same time.
    pub id: Uuid,
}

impl Cursor {
    /// As the columns that rows are ordered by hold it: milliseconds, and the id as text.
    #[must_use]
    pub fn columns(self) -> (i64, String) {
        (self.at.millis(), self.id.to_string())
    }
}

/// Not a cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a place in the list")]
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

/// Which page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Page {
    /// The newest rows.
    #[default]
    First,
    /// What follows this row.
    Older(Cursor),
    /// What comes just before this row.
    Newer(Cursor),
    /// The oldest rows.
    Last,
}

impl Page {
    /// Reads what an address says: `page=last`, `older=CURSOR` or `newer=CURSOR`. What cannot be read asks for the first
    /// page: an old link is no mistake worth an error.
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
    fn an_unreadable_place_is_the_first_page() {
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
