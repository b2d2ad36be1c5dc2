//! What `/v1` and forward-auth have in common: the question, its verdict, what is noted of it, and how a refusal reads.

use crate::{
    domain::{catalog::Route, request_log::KeyUse, time::Timestamp},
    server::{
        app::App,
        machine::{
            error::V1Error,
            log_entry::{Asked, Outcome},
        },
        service::verify::{self, Question, Refusal, Verdict, cache::Known},
    },
};
use axum::http::{HeaderValue, header};
use std::{sync::Arc, time::Instant};

/// A way in for requests that are to be judged, by its name in the figures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Door {
    /// `/v1`.
    V1,
    /// `/forward-auth` and what is below it.
    ForwardAuth,
}

impl Door {
    const fn name(self) -> &'static str {
        match self {
            Self::V1 => "v1",
            Self::ForwardAuth => "forward-auth",
        }
    }
}

/// Decides whether a request may pass.
pub async fn judge(app: &App, door: Door, asked: &Asked<'_>, now: Timestamp) -> Verdict {
    let began = Instant::now();
    let verdict = verify::judge(app, question(asked, now)).await;
    let route = verdict.route.as_ref().map(|route| &route.pattern);
    let word = verdict
        .outcome
        .as_ref()
        .map_or_else(Refusal::reason, |()| "accepted");
    app.metrics.decided(door.name(), route, word, began.elapsed());
    verdict
}

/// Decides once more about a request whose body was awaited: what has ended meanwhile answers nothing.
///
/// # Errors
/// Why it may not pass any more.
pub async fn judge_again(
    app: &App,
    door: Door,
    asked: &Asked<'_>,
    now: Timestamp,
) -> Result<Arc<Known>, Refusal> {
    let judged = verify::judge_again(app, question(asked, now)).await;
    if let Err(refusal) = &judged {
        app.metrics.refused(door.name(), refusal.reason());
    }
    judged
}

fn question<'a>(asked: &Asked<'a>, now: Timestamp) -> Question<'a, impl Iterator<Item = &'a [u8]>> {
    let authorization = asked.headers.get_all(header::AUTHORIZATION).iter();
    Question {
        method: asked.method,
        path: asked.path,
        authorization: authorization.map(HeaderValue::as_bytes),
        client: asked.client,
        now,
    }
}

/// Notes a request that was made with a key of ours, and how it was answered; counts it where the log is full. Refusals
/// beyond those that a key may have in a minute have no row: whoever holds a key that ended fills no disk with it
/// (docs/security.md, S90). The metrics count them.
pub fn note(
    app: &App,
    asked: &Asked<'_>,
    (key, route): (&Known, &Route),
    outcome: Outcome<'_>,
    error: Option<&V1Error>,
) {
    let key_use = match error {
        Some(V1Error::Refused(Refusal::TooManyRefusals(_))) => return,
        Some(V1Error::Refused(Refusal::Revoked | Refusal::Expired)) => KeyUse::AfterEnd,
        Some(V1Error::Refused(_)) => KeyUse::Refused,
        _ => KeyUse::Accepted,
    };
    let Some(place) = app.recorder.place() else {
        if key_use == KeyUse::Accepted && key.is_use_due(outcome.at) {
            app.recorder.used(key.key.id, outcome.at);
        }
        return;
    };
    place.note(
        crate::server::machine::log_entry::entry(app, &key.key, route, asked, outcome),
        key_use,
    );
}
