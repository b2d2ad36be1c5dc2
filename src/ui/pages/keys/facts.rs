//! The keys that a dialog is about, with the facts by which people decide: when they were last used, and by
//! how many clients.

use super::{confirm::Ask, row::KeyRow};
use crate::{
    domain::{
        key::recent_use::{DAYS, RecentUse},
        number::counted,
        time::Timestamp,
    },
    ui::kit::{
        moment::{Moment, PhraseText, YourTime},
        panel::Fact,
    },
};
use leptos::prelude::*;
use std::time::Duration;

/// The replacement of a key in its grace period.
#[derive(Clone, Copy, Debug)]
pub enum Replacement {
    /// It was deleted.
    Deleted,
    /// It was not used yet.
    Unused,
    /// It was last used then.
    Used(Timestamp),
}

/// Id of the number of keys above their list.
const SIZE: &str = "key-list-size";

const NOT_COUNTED: &str = "its requests could not be counted in time";

/// The use of a key, in words around the time of its last use.
#[derive(Debug, PartialEq, Eq)]
struct Words {
    before: String,
    at: Option<Timestamp>,
    after: String,
}

/// `Last used 6 minutes ago, 420 requests in the last 30 days from 3 clients`, or for a working key that was
/// not used for 30 days `Not used since 4 Sep 2026: safe to revoke`. `ends` is the verb; a key that no longer works
/// has none.
///
/// A key that is younger than 30 days and was never used is not called safe to end: somebody may be about to
/// use it. A replacement whose old key still works is always that young, because a grace period is at most
/// 168 hours.
fn words(
    last_used_at: Option<Timestamp>,
    created_at: Timestamp,
    counted: Option<RecentUse>,
    ends: Option<&str>,
    now: Timestamp,
) -> Words {
    let is_long_ago = |at| now.since(at) > Duration::from_hours(24 * DAYS);
    let unused = match last_used_at {
        None => "Never used",
        Some(at) if is_long_ago(at) => "Not used since ",
        recently => {
            let counted = counted.map_or_else(|| NOT_COUNTED.to_owned(), RecentUse::sentence);
            return Words {
                before: "Last used ".to_owned(),
                at: recently,
                after: format!(", {counted}"),
            };
        }
    };
    let and = |after: String| Words {
        before: unused.to_owned(),
        at: last_used_at,
        after,
    };
    let Some(counted) = counted else {
        return and(format!(", {NOT_COUNTED}"));
    };
    if let Some(refused) = counted.refused() {
        // Somebody still tries to use it.
        return and(format!(", but {refused}"));
    }
    // A log with gaps does not show that nobody tries.
    let is_known = is_long_ago(created_at) && !counted.has_gaps;
    match ends.filter(|_| is_known) {
        Some(verb) => and(format!(": safe to {verb}")),
        None if last_used_at.is_none() => Words {
            before: format!("{unused}, created "),
            at: Some(created_at),
            after: String::new(),
        },
        None => and(String::new()),
    }
}

#[component]
fn Use(words: Words, now: Timestamp) -> impl IntoView {
    let Words { before, at, after } = words;
    // An empty text would be rendered as a space.
    let after = (!after.is_empty()).then_some(after);
    view! {
        {before}
        {at.map(|at| view! { <Moment at=Some(at) now/> })}
        {after}
    }
}

/// The key that the dialog is about, or the list of them.
#[component]
pub fn Facts(
    /// The action to confirm.
    ask: Ask,
    /// The keys.
    keys: Vec<KeyRow>,
    /// Their recent use, in the same order; `None` if it could not be counted in time.
    uses: Vec<Option<RecentUse>>,
    /// The time at which the page is rendered.
    now: Timestamp,
) -> impl IntoView {
    let verb = ask.verb();
    let said = |key: &KeyRow, counted| {
        let ends = verb.filter(|_| key.status.is_live());
        words(key.last_used_at, key.created_at, counted, ends, now)
    };
    if let [key] = keys.as_slice() {
        let words = said(key, uses.first().copied().flatten());
        let key = key.clone();
        let more = match ask {
            Ask::Rotate { new_end, .. } => Some(view! { <NewKey new_end now/> }.into_any()),
            Ask::ChangeGrace { replacement, .. } => {
                Some(view! { <ReplacementFact replacement now/> }.into_any())
            }
            Ask::Reissue | Ask::Revoke | Ask::Delete { .. } => None,
        };
        return view! {
            <dl class="facts">
                <Fact name="Key"><bdi translate="no">{key.name}</bdi></Fact>
                <Fact name="Prefix"><code translate="no">{key.prefix}"..."</code></Fact>
                <Fact name="Permissions"><PhraseText phrase=key.about now/></Fact>
                <Fact name="Use"><Use words now/></Fact>
                {more}
            </dl>
        }
        .into_any();
    }
    let number = counted(keys.len() as u64, "key");
    let items = keys
        .into_iter()
        .zip(uses)
        .map(|(key, counted)| {
            let words = said(&key, counted);
            view! {
                <li>
                    <bdi translate="no">{key.name}</bdi>
                    <code translate="no">{key.prefix}"..."</code>
                    <span>{key.status.label()}</span>
                    <span class="key-use-line"><Use words now/></span>
                </li>
            }
        })
        .collect_view();
    // A long list scrolls, so it must take the keyboard focus.
    view! {
        <div>
            <p class="key-list-size" id=SIZE>{number}</p>
            <ul class="key-list" tabindex="0" aria-labelledby=SIZE>{items}</ul>
        </div>
    }
    .into_any()
}

/// When the replacement expires.
#[component]
fn NewKey(new_end: Option<Timestamp>, now: Timestamp) -> impl IntoView {
    let end = match new_end {
        None => "Never expires".into_any(),
        Some(end) => {
            let text = format!("Expires on {} at {}", end.short_day(now), end.hour());
            view! { {text}<YourTime at=end/> }.into_any()
        }
    };
    view! {
        <Fact name="New key">
            "Same name, scopes, allowlist and rate limit. " {end} ". You will see it once, on the next screen."
        </Fact>
    }
}

/// Whether the replacement of a key in its grace period is in use.
#[component]
fn ReplacementFact(replacement: Replacement, now: Timestamp) -> impl IntoView {
    let text = match replacement {
        Replacement::Deleted => "Deleted".into_any(),
        Replacement::Unused => "Not used yet".into_any(),
        Replacement::Used(at) => view! { "Last used "<Moment at=Some(at) now/> }.into_any(),
    };
    view! { <Fact name="Replacement">{text}</Fact> }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_795_458_000_000);

    fn days_ago(days: u64) -> Timestamp {
        NOW.minus(Duration::from_hours(24 * days))
    }

    fn said(last_used_at: Option<Timestamp>, counted: Option<RecentUse>, ends: Option<&str>) -> String {
        said_of_created(days_ago(500), last_used_at, counted, ends)
    }

    fn said_of_created(
        created_at: Timestamp,
        last_used_at: Option<Timestamp>,
        counted: Option<RecentUse>,
        ends: Option<&str>,
    ) -> String {
        let Words { before, at, after } = words(last_used_at, created_at, counted, ends, NOW);
        let at = at.map(|at| at.relative(NOW)).unwrap_or_default();
        format!("{before}{at}{after}")
    }

    #[test]
    fn what_is_said_of_the_use_of_a_key() {
        let counted = |requests, clients| {
            Some(RecentUse {
                rows: requests,
                requests,
                clients,
                limit: 10_000,
                days: 30,
                has_gaps: false,
            })
        };
        let revoke = Some("revoke");
        for (last, counted, ends, text) in [
            (
                Some(NOW),
                counted(420, 3),
                revoke,
                "Last used just now, 420 requests in the last 30 days from 3 clients",
            ),
            (
                Some(NOW),
                None,
                revoke,
                "Last used just now, its requests could not be counted in time",
            ),
            (
                Some(days_ago(30)),
                counted(0, 0),
                revoke,
                "Last used 24 Oct 2026, no requests in the last 30 days",
            ),
            (
                Some(days_ago(80)),
                counted(0, 0),
                revoke,
                "Not used since 4 Sep 2026: safe to revoke",
            ),
            (
                Some(days_ago(400)),
                counted(0, 0),
                revoke,
                "Not used since 19 Oct 2025: safe to revoke",
            ),
            (
                Some(days_ago(80)),
                counted(2, 1),
                revoke,
                "Not used since 4 Sep 2026, but 2 requests in the last 30 days were refused",
            ),
            (
                Some(days_ago(80)),
                None,
                revoke,
                "Not used since 4 Sep 2026, its requests could not be counted in time",
            ),
            (
                Some(days_ago(80)),
                counted(0, 0),
                None,
                "Not used since 4 Sep 2026",
            ),
            (None, counted(0, 0), Some("delete"), "Never used: safe to delete"),
            (
                None,
                counted(1, 1),
                revoke,
                "Never used, but 1 request in the last 30 days was refused",
            ),
            (None, counted(0, 0), None, "Never used, created 11 Jul 2025"),
            (
                None,
                None,
                revoke,
                "Never used, its requests could not be counted in time",
            ),
        ] {
            assert_eq!(said(last, counted, ends), text);
        }
        // Only what is old and completely logged is safe to end.
        let minutes = NOW.minus(Duration::from_mins(5));
        let young = said_of_created(minutes, None, counted(0, 0), revoke);
        assert_eq!(young, "Never used, created 5 minutes ago");
        let month = said_of_created(days_ago(30), None, counted(0, 0), revoke);
        assert_eq!(month, "Never used, created 24 Oct 2026");
        let gaps = counted(0, 0).map(|counted| RecentUse {
            has_gaps: true,
            ..counted
        });
        assert_eq!(said(None, gaps, revoke), "Never used, created 11 Jul 2025");
        assert_eq!(
            said(Some(days_ago(80)), gaps, revoke),
            "Not used since 4 Sep 2026"
        );
    }
}
