//! The warning of a confirmation dialog: what happens to the programs that use the keys, and to their logs.

use super::{Ask, Older};
use crate::{
    domain::{
        key::{
            KeyStatus,
            recent_use::{RecentUse, deleted_requests},
        },
        time::Timestamp,
    },
    ui::kit::moment::Phrase,
};

/// A warning.
#[derive(Debug)]
pub struct Warning {
    /// Prefix of the key that it is about, if that is not the key of the dialog; before the words.
    pub prefix: Option<String>,
    /// The words.
    pub words: Phrase,
}

/// The last use of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum LastUse {
    /// It was used then.
    At(Timestamp),
    /// It was never used.
    Never,
    /// No use is stored, but some are still queued.
    Unknown,
}

impl LastUse {
    /// The last use that is stored. `is_flushed`: whether all uses up to now are.
    fn of(at: Option<Timestamp>, is_flushed: bool) -> Self {
        match at {
            Some(at) => Self::At(at),
            None if is_flushed => Self::Never,
            None => Self::Unknown,
        }
    }
}

/// The warning about keys with these statuses. `None` for an action that harms nobody. `last_used_at`: of the only
/// key. `is_flushed`: whether all uses up to now are stored.
pub fn consequence(
    ask: &Ask,
    statuses: &[KeyStatus],
    uses: &[Option<RecentUse>],
    last_used_at: Option<Timestamp>,
    is_flushed: bool,
) -> Option<Warning> {
    let refused = refused(statuses);
    let sentences = match ask {
        Ask::Rotate { stops, .. } => {
            let warning = |older: &Older| Warning {
                prefix: Some(older.prefix.clone()),
                words: stopped(LastUse::of(older.last_used_at, is_flushed)),
            };
            return stops.as_ref().map(warning);
        }
        Ask::ChangeGrace { .. } => {
            return Some(Warning {
                prefix: None,
                words: ended_now(LastUse::of(last_used_at, is_flushed)),
            });
        }
        Ask::Reissue => vec![
            "The current secret stops working immediately. You will see the new one once, on the next screen."
                .to_owned(),
        ],
        Ask::Revoke if statuses.len() > 1 => {
            let is_some_ended = statuses.iter().any(|status| !status.is_live());
            let skipped = is_some_ended.then(|| "Expired and revoked keys are skipped.".to_owned());
            refused.into_iter().chain(skipped).collect()
        }
        Ask::Revoke => {
            let kept = "The key stays in the list and its log is kept.".to_owned();
            refused.into_iter().chain([kept]).collect()
        }
        Ask::Delete { .. } => {
            let kept = "Entries in Activity are kept.".to_owned();
            let logs = deleted_requests(uses);
            refused.into_iter().chain(logs).chain([kept]).collect()
        }
    };
    Some(Warning {
        prefix: None,
        words: plain(sentences.join(" ")),
    })
}

/// What happens to requests. `None` if no key works any more, so that nothing changes for them.
fn refused(statuses: &[KeyStatus]) -> Option<String> {
    let live = statuses.iter().filter(|status| status.is_live()).count();
    let whose = match (live, statuses.len()) {
        (0, _) => return None,
        (_, 1) => "Its requests",
        (live, all) if live == all => "Their requests",
        _ => "Requests with the keys that still work",
    };
    Some(format!("{whose} get 401 from now on."))
}

/// What a rotation does to the key that the rotated key had replaced: what follows its prefix.
fn stopped(last_use: LastUse) -> Phrase {
    let works = ", which this key replaced, still works";
    match last_use {
        LastUse::At(at) => Phrase {
            words: format!("{works} and was last used"),
            at: Some(at),
            end: Some(". It stops immediately."),
        },
        LastUse::Never => plain(format!("{works} and was never used. It stops immediately.")),
        LastUse::Unknown => plain(format!("{works}. It stops immediately.")),
    }
}

/// What `Stop it now` does.
fn ended_now(last_use: LastUse) -> Phrase {
    let stops = "The key stops immediately. A stopped key cannot be restarted.";
    match last_use {
        LastUse::At(at) => Phrase {
            words: format!("{stops} It was last used"),
            at: Some(at),
            end: Some("."),
        },
        LastUse::Never => plain(format!("{stops} It was never used.")),
        LastUse::Unknown => plain(stops.to_owned()),
    }
}

fn plain(words: String) -> Phrase {
    Phrase {
        words,
        at: None,
        end: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::pages::keys::Replacement;

    const NOW: Timestamp = Timestamp::from_millis(1_795_458_000_000);
    const AT: Option<Timestamp> = Some(Timestamp::from_millis(1_795_457_640_000));

    fn said(
        ask: &Ask,
        statuses: &[KeyStatus],
        last_used_at: Option<Timestamp>,
        is_flushed: bool,
    ) -> Option<String> {
        let uses = vec![
            Some(RecentUse {
                rows: 2,
                limit: 10_000,
                ..RecentUse::default()
            });
            statuses.len()
        ];
        let Warning { prefix, words } = consequence(ask, statuses, &uses, last_used_at, is_flushed)?;
        let prefix = prefix.map(|prefix| format!("{prefix}...")).unwrap_or_default();
        let at = words.at.map(|at| format!(" {}", at.relative(NOW)));
        let (at, end) = (at.unwrap_or_default(), words.end.unwrap_or_default());
        Some(format!("{prefix}{}{at}{end}", words.words))
    }

    #[test]
    fn only_requests_that_pass_now_are_said_to_be_refused() {
        use KeyStatus::{Active, Expired, Revoked, Rotated};
        let delete = Ask::Delete {
            confirmation: String::new(),
        };
        for (ask, statuses, text) in [
            (
                &Ask::Revoke,
                &[Rotated][..],
                "Its requests get 401 from now on. The key stays in the list and its log is kept.",
            ),
            (
                &Ask::Revoke,
                &[Active, Rotated],
                "Their requests get 401 from now on.",
            ),
            (
                &Ask::Revoke,
                &[Active, Expired],
                "Requests with the keys that still work get 401 from now on. \
                 Expired and revoked keys are skipped.",
            ),
            (
                &delete,
                &[Active],
                "Its requests get 401 from now on. Its 2 logged requests are deleted too. \
                 Entries in Activity are kept.",
            ),
            (
                &delete,
                &[Revoked],
                "Its 2 logged requests are deleted too. Entries in Activity are kept.",
            ),
            (
                &delete,
                &[Expired, Revoked],
                "Their 4 logged requests are deleted too. Entries in Activity are kept.",
            ),
            (
                &delete,
                &[Expired, Rotated],
                "Requests with the keys that still work get 401 from now on. \
                 Their 4 logged requests are deleted too. Entries in Activity are kept.",
            ),
        ] {
            let got = said(ask, statuses, None, true);
            assert_eq!(got.as_deref(), Some(text), "{statuses:?}");
        }
    }

    #[test]
    fn a_key_that_stops_is_named_with_its_last_use() {
        let rotate = |stops| Ask::Rotate {
            stops,
            ends: Vec::new(),
            new_end: None,
        };
        let older = |last_used_at| {
            rotate(Some(Older {
                prefix: "bye_a1B2c".to_owned(),
                last_used_at,
            }))
        };
        let (used, unused) = (older(AT), older(None));
        let grace = Ask::ChangeGrace {
            ends: Vec::new(),
            replacement: Replacement::Unused,
        };
        for (ask, last_used_at, is_flushed, text) in [
            (
                &used,
                None,
                false,
                "bye_a1B2c..., which this key replaced, still works and was last used 6 minutes ago. \
                 It stops immediately.",
            ),
            (
                &unused,
                AT,
                true,
                "bye_a1B2c..., which this key replaced, still works and was never used. It stops immediately.",
            ),
            (
                &unused,
                AT,
                false,
                "bye_a1B2c..., which this key replaced, still works. It stops immediately.",
            ),
            (
                &grace,
                AT,
                false,
                "The key stops immediately. A stopped key cannot be restarted. It was last used 6 minutes ago.",
            ),
            (
                &grace,
                None,
                true,
                "The key stops immediately. A stopped key cannot be restarted. It was never used.",
            ),
            (
                &grace,
                None,
                false,
                "The key stops immediately. A stopped key cannot be restarted.",
            ),
        ] {
            let got = said(ask, &[KeyStatus::Rotated], last_used_at, is_flushed);
            assert_eq!(got.as_deref(), Some(text));
        }
        assert_eq!(said(&rotate(None), &[KeyStatus::Active], AT, true), None);
    }
}
