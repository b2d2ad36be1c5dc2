//! Points in time as the product stores and shows them: UTC, to the millisecond.

use serde::{Deserialize, Serialize};
use time::{Date, Month, OffsetDateTime, format_description::BorrowedFormatItem, macros::format_description};

const SECOND: i64 = 1_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// Milliseconds since 1970-01-01T00:00:00Z, without leap seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(i64);

impl Timestamp {
    /// From milliseconds since 1970 in UTC.
    #[must_use]
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// Milliseconds since 1970 in UTC.
    #[must_use]
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// This time plus `span`; saturates.
    #[must_use]
    pub fn plus(self, span: std::time::Duration) -> Self {
        Self(
            self.0
                .saturating_add(i64::try_from(span.as_millis()).unwrap_or(i64::MAX)),
        )
    }

    /// Time elapsed since `earlier`; zero if that is later.
    #[must_use]
    pub fn since(self, earlier: Self) -> std::time::Duration {
        let millis = self.0.saturating_sub(earlier.0);
        std::time::Duration::from_millis(u64::try_from(millis).unwrap_or_default())
    }

    /// This time minus `span`.
    #[must_use]
    pub fn minus(self, span: std::time::Duration) -> Self {
        Self(
            self.0
                .saturating_sub(i64::try_from(span.as_millis()).unwrap_or(i64::MAX)),
        )
    }

    /// Start of its day in UTC.
    #[must_use]
    pub const fn midnight(self) -> Self {
        Self(self.0 - self.0.rem_euclid(86_400_000))
    }

    /// The same date and time `years` later; 29 February becomes 28 February in years without one.
    #[must_use]
    pub fn plus_years(self, years: i32) -> Self {
        let then = self.date_time();
        let year = then.year() + years;
        let moved = then
            .replace_year(year)
            .or_else(|_| then.replace_day(28).and_then(|then| then.replace_year(year)));
        moved.map_or(self, |moved| {
            Self(moved.unix_timestamp() * SECOND + self.0.rem_euclid(SECOND))
        })
    }

    /// The year in UTC.
    #[must_use]
    pub fn year(self) -> i32 {
        self.date_time().year()
    }

    /// 23:59:59 UTC of a date; `None` if the calendar has no such date.
    #[must_use]
    pub fn last_second_of(year: i32, month: i32, day: i32) -> Option<Self> {
        let month = Month::try_from(u8::try_from(month).ok()?).ok()?;
        let day = Date::from_calendar_date(year, month, u8::try_from(day).ok()?).ok()?;
        let end = day.with_hms(23, 59, 59).ok()?.assume_utc();
        Some(Self(end.unix_timestamp() * SECOND))
    }

    /// The UTC date for people: `23 Nov 2026`.
    #[must_use]
    pub fn date(self) -> String {
        self.format(format_description!(
            "[day padding:none] [month repr:short] [year]"
        ))
    }

    /// The UTC date in the format of date fields: `2026-11-23`.
    #[must_use]
    pub fn day(self) -> String {
        self.format(format_description!("[year]-[month]-[day]"))
    }

    fn date_time(self) -> OffsetDateTime {
        OffsetDateTime::from_unix_timestamp_nanos(i128::from(self.0) * 1_000_000)
            .unwrap_or(OffsetDateTime::UNIX_EPOCH)
    }

    fn format(self, description: &[BorrowedFormatItem<'_>]) -> String {
        self.date_time().format(description).unwrap_or_default()
    }

    /// ISO 8601 with milliseconds and `Z`, the format of every time on `/v1`: `2026-11-23T18:20:03.123Z`.
    #[must_use]
    pub fn iso(self) -> String {
        let seconds = OffsetDateTime::from_unix_timestamp(self.0.div_euclid(SECOND));
        let then = seconds.unwrap_or(OffsetDateTime::UNIX_EPOCH);
        let (hour, minute, second) = then.to_hms();
        let parts = [
            (u32::try_from(then.year()).unwrap_or_default(), 4, '-'),
            (u8::from(then.month()).into(), 2, '-'),
            (then.day().into(), 2, 'T'),
            (hour.into(), 2, ':'),
            (minute.into(), 2, ':'),
            (second.into(), 2, '.'),
            (
                u32::try_from(self.0.rem_euclid(SECOND)).unwrap_or_default(),
                3,
                'Z',
            ),
        ];
        // Formatted by hand, because every response of /v1 has several times, and the library would parse a
        // format description for each.
        let mut text = String::with_capacity("2026-11-23T18:20:03.123Z".len());
        for (number, places, end) in parts {
            for place in (0..places).rev() {
                let digit = number / 10_u32.pow(place) % 10;
                text.push(char::from_digit(digit, 10).unwrap_or('0'));
            }
            text.push(end);
        }
        text
    }

    /// The same to the second, for elements of pages: `2026-11-23T18:20:03Z`.
    #[must_use]
    pub fn iso_second(self) -> String {
        let mut text = self.iso();
        text.truncate("2026-11-23T18:20:03".len());
        text.push('Z');
        text
    }

    /// Exact time for people: `23 Nov 2026, 18:20:03 UTC`.
    #[must_use]
    pub fn exact(self) -> String {
        self.format(format_description!(
            "[day padding:none] [month repr:short] [year], [hour]:[minute]:[second] UTC"
        ))
    }

    /// A date for people: `4 Sep`, and `4 Sep 2025` if it is not in the year of `now`.
    #[must_use]
    pub fn short_day(self, now: Self) -> String {
        if self.year() == now.year() {
            self.format(format_description!("[day padding:none] [month repr:short]"))
        } else {
            self.format(format_description!(
                "[day padding:none] [month repr:short] [year]"
            ))
        }
    }

    /// A time of day for people: `14:05 UTC`.
    #[must_use]
    pub fn hour(self) -> String {
        self.format(format_description!("[hour]:[minute] UTC"))
    }

    /// Date and time of day for people: `29 Nov, 23:50 UTC`, with the year if it is not that of `now`.
    #[must_use]
    pub fn short(self, now: Self) -> String {
        format!("{}, {}", self.short_day(now), self.hour())
    }

    /// A future time for people, relative to `now`: `in 61 days`, `in 5 hours`, `in 12 minutes`. Rounded to
    /// the nearest unit, so that a just-selected `30 days` does not show as 29.
    #[must_use]
    pub fn ahead(self, now: Self) -> String {
        let rest = self.0.saturating_sub(now.0);
        let count = |unit: i64, word: &str| {
            let n = (rest + unit / 2) / unit;
            format!("in {n} {word}{}", if n == 1 { "" } else { "s" })
        };
        match rest {
            ..MINUTE => "in less than a minute".to_owned(),
            // What would be rounded to 60 minutes is an hour.
            _ if rest + MINUTE / 2 < HOUR => count(MINUTE, "minute"),
            _ if rest < 2 * DAY => count(HOUR, "hour"),
            _ => count(DAY, "day"),
        }
    }

    /// A past time for people, relative to `now`: `just now`, `12 seconds ago`, `3 minutes ago`, `2 hours
    /// ago`, `yesterday`, `5 days ago`; later a date. A time after `now`, which clocks of two servers can
    /// produce, shows as `just now`.
    #[must_use]
    pub fn relative(self, now: Self) -> String {
        let age = now.0.saturating_sub(self.0);
        let count = |unit: i64, word: &str| {
            let n = age / unit;
            format!("{n} {word}{} ago", if n == 1 { "" } else { "s" })
        };
        match age {
            ..10_000 => "just now".to_owned(),
            10_000..MINUTE => count(SECOND, "second"),
            MINUTE..HOUR => count(MINUTE, "minute"),
            HOUR..DAY => count(HOUR, "hour"),
            _ if age < 2 * DAY => "yesterday".to_owned(),
            _ if age < 14 * DAY => count(DAY, "day"),
            _ => self.format(format_description!(
                "[day padding:none] [month repr:short] [year]"
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn iso_has_milliseconds_and_zulu() {
        assert_eq!(Timestamp::from_millis(0).iso(), "1970-01-01T00:00:00.000Z");
        assert_eq!(
            Timestamp::from_millis(1_795_458_003_007).iso(),
            "2026-11-23T18:20:03.007Z"
        );
    }

    #[test]
    fn relative_changes_its_unit_at_the_right_moments() {
        let now = Timestamp::from_millis(1_795_458_000_000);
        for (age, words) in [
            (-5_000, "just now"),
            (9_999, "just now"),
            (10_000, "10 seconds ago"),
            (59_999, "59 seconds ago"),
            (60_000, "1 minute ago"),
            (3_599_999, "59 minutes ago"),
            (3_600_000, "1 hour ago"),
            (86_399_999, "23 hours ago"),
            (86_400_000, "yesterday"),
            (2 * DAY - 1, "yesterday"),
            (2 * DAY, "2 days ago"),
            (13 * DAY, "13 days ago"),
            (14 * DAY, "9 Nov 2026"),
        ] {
            assert_eq!(
                Timestamp::from_millis(now.millis() - age).relative(now),
                words,
                "{age} ms"
            );
        }
    }

    #[test]
    fn short_forms_have_the_year_only_where_it_differs() {
        let now = Timestamp::from_millis(1_795_458_003_007);
        for (at, day, minute) in [
            (now, "23 Nov", "23 Nov, 18:20 UTC"),
            (now.plus_years(1), "23 Nov 2027", "23 Nov 2027, 18:20 UTC"),
            (now.plus_years(-1), "23 Nov 2025", "23 Nov 2025, 18:20 UTC"),
        ] {
            assert_eq!(
                (at.short_day(now).as_str(), at.short(now).as_str()),
                (day, minute)
            );
        }
    }

    #[test]
    fn moments_to_come() {
        let now = Timestamp::from_millis(1_795_458_000_000);
        for (rest, words) in [
            (-1, "in less than a minute"),
            (59_999, "in less than a minute"),
            (60_000, "in 1 minute"),
            (HOUR - MINUTE / 2 - 1, "in 59 minutes"),
            (HOUR - MINUTE / 2, "in 1 hour"),
            (5 * HOUR, "in 5 hours"),
            (2 * DAY - 1, "in 48 hours"),
            (2 * DAY, "in 2 days"),
            (30 * DAY - 1, "in 30 days"),
            (29 * DAY + 11 * HOUR, "in 29 days"),
            (61 * DAY + HOUR, "in 61 days"),
        ] {
            assert_eq!(
                Timestamp::from_millis(now.millis() + rest).ahead(now),
                words,
                "{rest} ms"
            );
        }
    }

    #[test]
    fn exact_times_and_days() {
        assert_eq!(Timestamp::from_millis(0).date(), "1 Jan 1970");
        let time = Timestamp::from_millis(1_795_458_003_123);
        assert_eq!(time.exact(), "23 Nov 2026, 18:20:03 UTC");
        assert_eq!((time.day().as_str(), time.year()), ("2026-11-23", 2026));
        assert_eq!(time.midnight().iso(), "2026-11-23T00:00:00.000Z");
        assert_eq!(
            Timestamp::from_millis(-1).midnight().iso(),
            "1969-12-31T00:00:00.000Z"
        );
    }

    #[test]
    fn years_later() {
        let leap = Timestamp::last_second_of(2028, 2, 29).expect("a day");
        assert_eq!(leap.plus_years(1).iso(), "2029-02-28T23:59:59.000Z");
        assert_eq!(leap.plus_years(4).iso(), "2032-02-29T23:59:59.000Z");
        let exact = Timestamp::from_millis(leap.millis() + 7);
        assert_eq!(exact.plus_years(1).iso(), "2029-02-28T23:59:59.007Z");
        assert_eq!(leap.day(), "2028-02-29");
        assert_eq!(Timestamp::last_second_of(2027, 2, 29), None);
    }
}
