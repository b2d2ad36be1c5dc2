//! How much a key was used lately: what people look at before they end it.

use crate::domain::number::{counted, grouped};

/// Days for which requests are counted, and after which an unused key counts as unused.
pub const DAYS: u64 = 30;

/// Requests of a key, counted in the latest rows of its request log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RecentUse {
    /// Rows that were counted, whatever their age.
    pub rows: u64,
    /// Requests of the last [`Self::days`], refused ones too.
    pub requests: u64,
    /// Distinct client addresses among them, as far as known.
    pub clients: u64,
    /// Maximum number of rows that are counted. The log has more if [`Self::rows`] reaches it.
    pub limit: u64,
    /// The period in days: [`DAYS`], or the retention of the log if that is shorter.
    pub days: u64,
    /// Whether the log has gaps in the period.
    pub has_gaps: bool,
}

impl RecentUse {
    /// `in the last 30 days`, `in the last day`.
    fn period(self) -> String {
        match self.days {
            1 => "in the last day".to_owned(),
            days => format!("in the last {days} days"),
        }
    }

    /// `420 requests in the last 30 days from 3 clients`.
    #[must_use]
    pub fn sentence(self) -> String {
        let period = self.period();
        if self.requests == 0 {
            return format!("no requests {period}");
        }
        let requests = counted(self.requests, "request");
        // A client with an unknown address is not counted.
        let clients = (self.clients > 0).then(|| counted(self.clients, "client"));
        if self.requests >= self.limit {
            let clients = clients
                .map(|clients| format!(", {clients} in its last {requests}"))
                .unwrap_or_default();
            return format!("at least {requests} {period}{clients}");
        }
        let at_least = if self.has_gaps { "at least " } else { "" };
        let clients = clients
            .map(|clients| format!(" from {clients}"))
            .unwrap_or_default();
        format!("{at_least}{requests} {period}{clients}")
    }

    /// Of a key that was not used for [`DAYS`]: `12 requests in the last 30 days were refused`. `None` if there
    /// were none.
    #[must_use]
    pub fn refused(self) -> Option<String> {
        let requests = counted(self.requests, "request");
        let were = if self.requests == 1 { "was" } else { "were" };
        (self.requests > 0).then(|| format!("{requests} {} {were} refused", self.period()))
    }
}

/// Logged requests that are deleted with their keys: `Its 420 logged requests are deleted too.` `None` if there
/// are none. A key without a count has an unknown number.
#[must_use]
pub fn deleted_requests(uses: &[Option<RecentUse>]) -> Option<String> {
    let whose = if uses.len() == 1 { "Its" } else { "Their" };
    let rows: u64 = uses.iter().flatten().map(|counted| counted.rows).sum();
    let is_exact = uses
        .iter()
        .all(|counted| counted.is_some_and(|counted| counted.rows < counted.limit));
    match (rows, is_exact) {
        (0, true) => None,
        (1, true) => Some(format!("{whose} 1 logged request is deleted too.")),
        (rows, true) => Some(format!(
            "{whose} {} are deleted too.",
            counted(rows, "logged request")
        )),
        (0, false) => Some(format!("{whose} logged requests are deleted too.")),
        (rows, false) => Some(format!(
            "{whose} logged requests, at least {}, are deleted too.",
            grouped(rows)
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const USE: RecentUse = RecentUse {
        rows: 500,
        requests: 420,
        clients: 3,
        limit: 10_000,
        days: 30,
        has_gaps: false,
    };

    #[test]
    fn requests_and_clients_in_words() {
        for (counted, words) in [
            (USE, "420 requests in the last 30 days from 3 clients"),
            (
                RecentUse {
                    requests: 1,
                    clients: 1,
                    ..USE
                },
                "1 request in the last 30 days from 1 client",
            ),
            (
                RecentUse { clients: 0, ..USE },
                "420 requests in the last 30 days",
            ),
            (
                RecentUse {
                    requests: 0,
                    clients: 0,
                    ..USE
                },
                "no requests in the last 30 days",
            ),
            (
                RecentUse { days: 7, ..USE },
                "420 requests in the last 7 days from 3 clients",
            ),
            (
                RecentUse { days: 1, ..USE },
                "420 requests in the last day from 3 clients",
            ),
            (
                RecentUse {
                    has_gaps: true,
                    ..USE
                },
                "at least 420 requests in the last 30 days from 3 clients",
            ),
            (
                RecentUse {
                    rows: 10_000,
                    requests: 10_000,
                    ..USE
                },
                "at least 10,000 requests in the last 30 days, 3 clients in its last 10,000 requests",
            ),
            // The rows beyond the limit are older than the period.
            (
                RecentUse { rows: 10_000, ..USE },
                "420 requests in the last 30 days from 3 clients",
            ),
        ] {
            assert_eq!(counted.sentence(), words);
        }
    }

    #[test]
    fn requests_with_an_unused_key_were_refused() {
        assert_eq!(RecentUse { requests: 0, ..USE }.refused(), None);
        assert_eq!(
            USE.refused().as_deref(),
            Some("420 requests in the last 30 days were refused")
        );
        assert_eq!(
            RecentUse { requests: 1, ..USE }.refused().as_deref(),
            Some("1 request in the last 30 days was refused")
        );
    }

    #[test]
    fn what_is_deleted_in_words() {
        let rows = |rows| Some(RecentUse { rows, ..USE });
        for (uses, words) in [
            (&[rows(0)][..], None),
            (&[rows(1)], Some("Its 1 logged request is deleted too.")),
            (&[rows(1_420)], Some("Its 1,420 logged requests are deleted too.")),
            (
                &[rows(10_000)],
                Some("Its logged requests, at least 10,000, are deleted too."),
            ),
            (&[None], Some("Its logged requests are deleted too.")),
            (&[rows(0), rows(0)], None),
            (
                &[rows(9), rows(1)],
                Some("Their 10 logged requests are deleted too."),
            ),
            (
                &[rows(9), None],
                Some("Their logged requests, at least 9, are deleted too."),
            ),
        ] {
            assert_eq!(deleted_requests(uses).as_deref(), words);
        }
    }
}
