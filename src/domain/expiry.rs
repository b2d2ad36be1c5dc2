//! The field `Expires`: when a new key expires (docs/security.md, S59).

use super::time::Timestamp;
use std::time::Duration;

/// The choices, in days.
pub const DAYS: [u16; 3] = [7, 30, 90];
/// Value of the field for an expiry by date.
pub const ON_A_DATE: &str = "date";
/// Value of the field for keys that do not expire; the default.
pub const NEVER: &str = "never";

const SOONEST: Duration = Duration::from_mins(1);
const LATEST_YEARS: i32 = 10;

/// Why an expiry was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ExpiryError {
    /// Not one of the choices.
    #[error("Choose when the key expires.")]
    Unknown,
    /// `On a date` without a date.
    #[error("Enter the last day of the key, or choose Never.")]
    NoDate,
    /// Not a date of the calendar.
    #[error("This is not a date: write it as year-month-day, such as 2027-01-31.")]
    NotADate,
    /// The day is over, or ends too soon.
    #[error("This day is over or about to end in UTC. Choose a later one.")]
    Past,
    /// More than ten years ahead.
    #[error("Choose a day within the next 10 years.")]
    TooLate,
}

/// Expiry of a key: `never`, a number of days from now, or the end of the UTC day `date` (`2027-01-31`), at
/// 23:59:59.
///
/// # Errors
/// The first rule that the input breaks. The error belongs to the field `expires_on` for a date, and to
/// `expires` otherwise.
pub fn parse(choice: &str, date: &str, now: Timestamp) -> Result<Option<Timestamp>, ExpiryError> {
    match choice {
        // Forms of an earlier version, and programs, do not send the field.
        "" | NEVER => Ok(None),
        ON_A_DATE => on(date.trim(), now).map(Some),
        days => {
            let days = DAYS.into_iter().find(|known| known.to_string() == days);
            let days = days.ok_or(ExpiryError::Unknown)?;
            Ok(Some(now.plus(Duration::from_hours(24 * u64::from(days)))))
        }
    }
}

/// The fields for a key that expires like one that was created and expires at these times: the same number of days, or
/// the same date while it is ahead. Where that date is past, one has to be chosen.
#[must_use]
pub fn like(created: Timestamp, end: Option<Timestamp>, now: Timestamp) -> (String, String) {
    let Some(end) = end else {
        return (NEVER.to_owned(), String::new());
    };
    let lifetime = end.since(created);
    let days = DAYS
        .into_iter()
        .find(|&days| lifetime == Duration::from_hours(24 * u64::from(days)));
    if let Some(days) = days {
        return (days.to_string(), String::new());
    }
    let date = end.day();
    let is_ahead = end > now && on(&date, now).is_ok();
    let date = if is_ahead { date } else { String::new() };
    (ON_A_DATE.to_owned(), date)
}

fn on(date: &str, now: Timestamp) -> Result<Timestamp, ExpiryError> {
    if date.is_empty() {
        return Err(ExpiryError::NoDate);
    }
    let (year, month, day) = numbers(date).ok_or(ExpiryError::NotADate)?;
    if year > now.year() + LATEST_YEARS {
        return Err(ExpiryError::TooLate);
    }
    let end = Timestamp::last_second_of(year, month, day).ok_or(ExpiryError::NotADate)?;
    if end < now.plus(SOONEST) {
        Err(ExpiryError::Past)
    } else if end > now.plus_years(LATEST_YEARS) {
        Err(ExpiryError::TooLate)
    } else {
        Ok(end)
    }
}

/// The end of a day in the format of date fields, `2027-01-31`; `None` for anything else.
#[must_use]
pub fn end_of(date: &str) -> Option<Timestamp> {
    let (year, month, day) = numbers(date)?;
    Timestamp::last_second_of(year, month, day)
}

/// Year, month and day.
fn numbers(date: &str) -> Option<(i32, i32, i32)> {
    let mut parts = date.split('-');
    let mut part = |digits: usize| {
        let part = parts
            .next()
            .filter(|part| part.len() >= digits && part.bytes().all(|b| b.is_ascii_digit()));
        part.and_then(|part| part.parse::<i32>().ok())
    };
    let date = (part(4)?, part(2)?, part(2)?);
    parts.next().is_none().then_some(date)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 23 November 2026, 17:00 UTC.
    const NOW: Timestamp = Timestamp::from_millis(1_795_453_200_000);

    #[test]
    fn choices() {
        assert_eq!(parse("never", "2027-01-31", NOW), Ok(None));
        assert_eq!(parse("", "", NOW), Ok(None));
        let seven = parse("7", "", NOW).expect("a choice").expect("an end");
        assert_eq!(seven.iso(), "2026-11-30T17:00:00.000Z");
        for unknown in ["8", "07", "-7", "Never", "7 "] {
            assert_eq!(parse(unknown, "", NOW), Err(ExpiryError::Unknown), "{unknown:?}");
        }
    }

    #[test]
    fn a_day_ends_with_its_last_second() {
        let end = |date| end_of(date).map(Timestamp::iso);
        assert_eq!(end("2027-01-31").as_deref(), Some("2027-01-31T23:59:59.000Z"));
        for no_day in ["", "2027-02-30", "2027-1-31", "31.01.2027"] {
            assert_eq!(end(no_day), None, "{no_day:?}");
        }
    }

    #[test]
    fn dates() {
        let end = |date| parse("date", date, NOW).map(|end| end.map(Timestamp::iso).unwrap_or_default());
        for (date, expected) in [
            ("2026-11-23", Ok("2026-11-23T23:59:59.000Z")),
            (" 2027-01-31 ", Ok("2027-01-31T23:59:59.000Z")),
            ("2028-02-29", Ok("2028-02-29T23:59:59.000Z")),
            ("2036-11-22", Ok("2036-11-22T23:59:59.000Z")),
            ("2036-11-24", Err(ExpiryError::TooLate)),
            ("12026-01-01", Err(ExpiryError::TooLate)),
            ("99999-01-01", Err(ExpiryError::TooLate)),
            ("2026-11-22", Err(ExpiryError::Past)),
            ("0001-01-01", Err(ExpiryError::Past)),
            ("2027-02-29", Err(ExpiryError::NotADate)),
            ("2027-13-01", Err(ExpiryError::NotADate)),
            ("2027-1-1", Err(ExpiryError::NotADate)),
            ("31.01.2027", Err(ExpiryError::NotADate)),
            ("2027-01-31-", Err(ExpiryError::NotADate)),
            ("99999999999-01-01", Err(ExpiryError::NotADate)),
            ("", Err(ExpiryError::NoDate)),
        ] {
            assert_eq!(end(date), expected.map(str::to_owned), "{date:?}");
        }
        // The first and the last moment of the range belong to it.
        let end = Timestamp::last_second_of(2036, 11, 23).expect("a day");
        let ten_years_before = Timestamp::last_second_of(2026, 11, 23).expect("a day");
        for now in [end.minus(SOONEST), ten_years_before] {
            assert_eq!(parse("date", "2036-11-23", now), Ok(Some(end)), "{}", now.iso());
        }
    }

    #[test]
    fn an_expiry_like_another() {
        let day = Duration::from_hours(24);
        let before = NOW.minus(day * 50);
        for (end, choice, date) in [
            (None, NEVER, ""),
            (Some(before.plus(day * 7)), "7", ""),
            (Some(before.plus(day * 90)), "90", ""),
            (Some(before.plus(day * 8)), ON_A_DATE, ""),
            // Over, although its day is not.
            (Some(NOW.minus(day / 24)), ON_A_DATE, ""),
            (Some(NOW.plus(day * 3)), ON_A_DATE, "2026-11-26"),
        ] {
            let expected = (choice.to_owned(), date.to_owned());
            assert_eq!(like(before, end, NOW), expected, "{end:?}");
        }
    }

    #[test]
    fn a_key_lives_for_a_minute_at_least() {
        let at = |iso_second: i64| NOW.plus(Duration::from_secs((7 * 3600 - 1 - iso_second).unsigned_abs()));
        assert!(parse("date", "2026-11-23", at(60)).is_ok());
        assert_eq!(parse("date", "2026-11-23", at(59)), Err(ExpiryError::Past));
    }
}
