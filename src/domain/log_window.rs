//! What the request log can still hold about a key: rows are deleted after a time that the server's operator sets
//! (`LOG_RETENTION_DAYS`), so that a log without rows does not mean that there were no requests.

use super::{number::counted, time::Timestamp};
use std::time::Duration;

/// A span of time up to now in which a page shows requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogWindow {
    /// Its length in days.
    days: u64,
    /// Its start.
    from: Timestamp,
    /// Whether it consists of whole days in UTC, of which the last one is today.
    is_by_day: bool,
    /// Whether the log also keeps what came before it.
    is_kept_before: bool,
}

impl LogWindow {
    /// Everything in the log.
    #[must_use]
    pub fn all(retention: Duration, now: Timestamp) -> Self {
        Self {
            days: days_of(retention),
            from: now.minus(retention),
            is_by_day: false,
            is_kept_before: false,
        }
    }

    /// At most this many days up to today, fewer if the log keeps fewer.
    #[must_use]
    pub fn by_day(most: u64, retention: Duration, now: Timestamp) -> Self {
        let kept = days_of(retention);
        let days = most.min(kept).max(1);
        Self {
            days,
            from: now.midnight().minus(Duration::from_hours(24 * (days - 1))),
            is_by_day: true,
            is_kept_before: kept > days,
        }
    }

    /// Its length in days.
    #[must_use]
    pub const fn days(&self) -> u64 {
        self.days
    }

    /// Its start.
    #[must_use]
    pub const fn from(&self) -> Timestamp {
        self.from
    }

    /// For people: `in the last 30 days`, `in the last 24 hours`, `today (UTC)`.
    fn span(&self) -> String {
        match (self.days, self.is_by_day) {
            (1, true) => "today (UTC)".to_owned(),
            (1, false) => "in the last 24 hours".to_owned(),
            (days, _) => format!("in the last {}", counted(days, "day")),
        }
    }

    /// Of which time requests are known that are counted since `start`: `None` if the log keeps all of it, else what it
    /// keeps, such as `in the last 24 hours`.
    #[must_use]
    pub fn instead_of_since(&self, start: Timestamp) -> Option<String> {
        (start < self.from).then(|| self.span())
    }

    /// Title of a list of these requests: `Requests in the last 30 days`.
    #[must_use]
    pub fn title(&self) -> String {
        format!("Requests {}", self.span())
    }

    /// The sentence for a key without requests in this span.
    #[must_use]
    pub fn none(&self, created: Timestamp, last_used: Option<Timestamp>) -> String {
        let is_older = created < self.from;
        match last_used {
            // Rows are left out where more requests come than the log can take.
            Some(at) if at >= self.from => {
                format!(
                    "No requests {} were logged, although the key was used.",
                    self.span()
                )
            }
            None if !is_older => "No requests yet.".to_owned(),
            _ if is_older && !self.is_kept_before => {
                format!("No requests {}. Older requests are not kept.", self.span())
            }
            _ => format!("No requests {}.", self.span()),
        }
    }
}

/// Whole days; the setting has no parts of them.
const fn days_of(retention: Duration) -> u64 {
    retention.as_secs() / 86_400
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: Duration = Duration::from_hours(24);
    /// 23 November 2026, 17:00 UTC.
    const NOW: Timestamp = Timestamp::from_millis(1_795_453_200_000);

    #[test]
    fn no_days_are_shown_that_the_log_does_not_keep() {
        for (retention, days, title) in [
            (1, 1, "Requests today (UTC)"),
            (2, 2, "Requests in the last 2 days"),
            (7, 7, "Requests in the last 7 days"),
            (30, 30, "Requests in the last 30 days"),
            (3_650, 30, "Requests in the last 30 days"),
        ] {
            let window = LogWindow::by_day(30, DAY * retention, NOW);
            assert_eq!(
                (window.days(), window.title().as_str()),
                (days, title),
                "{retention}"
            );
            let kept_from = NOW.minus(DAY * retention);
            assert!(
                window.from() > kept_from,
                "{retention}: its first day is kept as a whole"
            );
            assert_eq!(window.from(), window.from().midnight());
        }
        let kept = LogWindow::all(DAY * 2, NOW);
        assert_eq!(kept.instead_of_since(NOW.minus(DAY * 2)), None);
        let before = NOW.minus(DAY * 3);
        assert_eq!(
            kept.instead_of_since(before).as_deref(),
            Some("in the last 2 days")
        );
        let all = LogWindow::all(DAY * 90, NOW);
        assert_eq!((all.days(), all.from()), (90, NOW.minus(DAY * 90)));
    }

    #[test]
    fn no_requests_are_said_of_the_days_that_are_kept_only() {
        let (old, new) = (NOW.minus(DAY * 400), NOW.minus(DAY / 24));
        let used_before = Some(NOW.minus(DAY * 200));
        for (retention, created, last_used, all, by_day) in [
            (30, new, None, "No requests yet.", "No requests yet."),
            (
                30,
                old,
                used_before,
                "No requests in the last 30 days. Older requests are not kept.",
                "No requests in the last 30 days. Older requests are not kept.",
            ),
            (
                1,
                old,
                None,
                "No requests in the last 24 hours. Older requests are not kept.",
                "No requests today (UTC). Older requests are not kept.",
            ),
            (
                7,
                old,
                None,
                "No requests in the last 7 days. Older requests are not kept.",
                "No requests in the last 7 days. Older requests are not kept.",
            ),
            // Between the days of the chart and the end of the log there can be some.
            (
                90,
                old,
                used_before,
                "No requests in the last 90 days. Older requests are not kept.",
                "No requests in the last 30 days.",
            ),
            (
                365,
                old,
                used_before,
                "No requests in the last 365 days were logged, although the key was used.",
                "No requests in the last 30 days.",
            ),
            (
                30,
                old,
                Some(NOW),
                "No requests in the last 30 days were logged, although the key was used.",
                "No requests in the last 30 days were logged, although the key was used.",
            ),
        ] {
            let retention = DAY * retention;
            assert_eq!(LogWindow::all(retention, NOW).none(created, last_used), all);
            assert_eq!(
                LogWindow::by_day(30, retention, NOW).none(created, last_used),
                by_day
            );
        }
    }
}
