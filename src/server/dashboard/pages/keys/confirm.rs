//! Confirmation dialogs of actions on keys, as pages and as forms posted without scripts.

use super::{
    Keys, draw_again, fresh,
    rows::{Around, row},
    secret::{Opened, answer},
};
use crate::{
    api::{
        keys::{ChangeGrace, DeleteKeys, ReissueSecret, RevokeKeys, RotateKey},
        wire::FormState,
    },
    domain::{
        done::Done,
        grace,
        key::{Key, Transition},
        paths,
        role::Action,
        time::Timestamp,
    },
    server::{
        dashboard::{answer::refusal, fields, pages},
        error::ServiceError,
        service::{
            self,
            keys::{
                Revealed, ending,
                meanwhile::{explained, possible},
                revoke, rotate,
            },
        },
    },
    ui::pages::keys::{Ask, EndedData, KeyDialog, OldEnd, Older, QuestionData, Replacement},
};
use axum::{extract::Request, response::Response};
use serde::de::DeserializeOwned;
use std::{collections::BTreeMap, iter, slice, time::Duration};

/// The action of the dialog with this name.
pub fn action(dialog: &str) -> Option<Action> {
    match dialog {
        "reissue" => Some(Action::ReissueSecret),
        "rotate" => Some(Action::RotateKey),
        "grace" => Some(Action::ChangeGrace),
        "revoke" => Some(Action::RevokeKey),
        "delete" => Some(Action::DeleteKey),
        _ => None,
    }
}

/// The dialog for these keys, and the form `Add API key` behind it.
pub async fn open(
    keys: &Keys,
    action: Action,
    ids: &[String],
    mut form: FormState,
) -> Result<(KeyDialog, FormState), ServiceError> {
    let (app, reader) = (keys.app(), &keys.reader);
    let now = app.now();
    let found = if action == Action::RevokeKey || action == Action::DeleteKey {
        ids
    } else {
        ids.get(..1).unwrap_or_default()
    };
    let is_flushed = ending::flush(app).await;
    let found = possible(app, reader.account.id, transition(action), found).await?;
    let first = found.first().ok_or(ServiceError::NotFound)?;
    let ask = match action {
        Action::RotateKey => {
            if form.errors().is_empty() {
                form = form.with("grace", grace::DEFAULT.to_string());
            }
            let stops = rotate::stops(app, reader, first).await?;
            Ask::Rotate {
                stops: stops.map(|older| Older {
                    prefix: older.prefix,
                    last_used_at: older.last_used_at,
                }),
                ends: rotation_ends(first, now),
                new_end: first.replacement(now).expires_at,
            }
        }
        Action::ChangeGrace => {
            let ends = grace_ends(first, now);
            if form.errors().is_empty() {
                form = form.with("grace", chosen_grace(first, &ends));
            }
            let replacement = ending::replacement(app, reader, first).await?;
            Ask::ChangeGrace {
                ends,
                replacement: match replacement {
                    None => Replacement::Deleted,
                    Some(new) => new.last_used_at.map_or(Replacement::Unused, Replacement::Used),
                },
            }
        }
        Action::RevokeKey => Ask::Revoke,
        Action::DeleteKey => Ask::Delete {
            confirmation: service::keys::delete::confirmation(&found),
        },
        Action::SeeKeys | Action::CreateKey | Action::ReissueSecret | Action::AcknowledgeLeak => Ask::Reissue,
    };
    let uses = ending::recent_use(app, reader, &found, is_flushed).await;
    let page = keys.page();
    let around = Around {
        now,
        page: &page,
        since: &BTreeMap::new(),
    };
    let from = (found.len() == 1).then(|| keys.detail(&first.id.to_string()));
    let question = QuestionData {
        ask,
        from: from.flatten(),
        keys: found.into_iter().map(|key| row(app, key, &around, "")).collect(),
        uses,
        is_flushed,
        form,
        now,
    };
    Ok((KeyDialog::Question(Box::new(question)), fresh(app)))
}

/// The change of a key that an action makes.
fn transition(action: Action) -> Transition {
    match action {
        Action::RotateKey => Transition::Rotate,
        Action::ChangeGrace => Transition::ChangeGrace,
        Action::RevokeKey => Transition::Revoke,
        Action::DeleteKey => Transition::Delete,
        Action::SeeKeys | Action::CreateKey | Action::ReissueSecret | Action::AcknowledgeLeak => {
            Transition::Reissue
        }
    }
}

/// When a key stops for each grace period, if it is rotated now.
fn rotation_ends(key: &Key, now: Timestamp) -> Vec<OldEnd> {
    old_ends(key, now).collect()
}

/// When a key that is rotated at this time stops, for each grace period.
fn old_ends(key: &Key, at: Timestamp) -> impl Iterator<Item = OldEnd> {
    let expires_at = key.expires_at;
    grace::CHOICES.into_iter().map(move |hours| {
        let end = at.plus(Duration::from_hours(hours));
        let expiry = expires_at.filter(|expiry| *expiry <= end);
        OldEnd {
            hours,
            end: expiry.unwrap_or(end),
            is_expiry: expiry.is_some(),
        }
    })
}

/// The choices of `Change grace period`: ending it now, and each future end, with its time. All periods that
/// its own expiry cuts are one choice.
fn grace_ends(key: &Key, now: Timestamp) -> Vec<OldEnd> {
    let at = key.rotation.map_or(now, |rotation| rotation.at);
    let stop = OldEnd {
        hours: 0,
        end: now,
        is_expiry: false,
    };
    let ahead = old_ends(key, at).filter(|old| now < old.end);
    let mut ends: Vec<_> = iter::once(stop).chain(ahead).collect();
    ends.dedup_by_key(|old| old.end);
    ends
}

/// The current grace period, as the preselected choice.
fn chosen_grace(key: &Key, ends: &[OldEnd]) -> String {
    let now_ends = key.end();
    let chosen = ends.iter().find(|old| old.hours > 0 && Some(old.end) == now_ends);
    chosen.map_or_else(String::new, |old| old.hours.to_string())
}

/// Runs the action of the posted form.
pub async fn submit(keys: &Keys, action: Action, request: Request) -> Response {
    let answered = match action {
        Action::RotateKey => rotate(keys, request).await,
        Action::ChangeGrace => change_grace(keys, request).await,
        Action::RevokeKey => revoke(keys, request).await,
        Action::DeleteKey => delete(keys, request).await,
        Action::SeeKeys | Action::CreateKey | Action::ReissueSecret | Action::AcknowledgeLeak => {
            reissue(keys, request).await
        }
    };
    answered.unwrap_or_else(|response| response)
}

async fn read<T: DeserializeOwned>(request: Request) -> Result<T, Response> {
    fields::read(request).await
}

async fn reissue(keys: &Keys, request: Request) -> Result<Response, Response> {
    let form: ReissueSecret = read(request).await?;
    let made = async {
        let manager = keys.manager(Action::ReissueSecret).await?;
        service::keys::reissue::reissue(keys.app(), &manager, &form.key, &form.form_token).await
    };
    let state = FormState::default().with("form_token", &form.form_token);
    let opened = Opened::Reissue { key: &form.key };
    Ok(reveal(keys, Action::ReissueSecret, opened, &form.key, made.await, state).await)
}

async fn rotate(keys: &Keys, request: Request) -> Result<Response, Response> {
    let form: RotateKey = read(request).await?;
    let made = async {
        let manager = keys.manager(Action::RotateKey).await?;
        rotate::rotate(keys.app(), &manager, &form.key, &form.grace, &form.form_token).await
    };
    let state = FormState::default()
        .with("form_token", &form.form_token)
        .with("grace", &form.grace);
    let opened = Opened::Rotate {
        key: &form.key,
        token: &form.form_token,
    };
    Ok(reveal(keys, Action::RotateKey, opened, &form.key, made.await, state).await)
}

async fn change_grace(keys: &Keys, request: Request) -> Result<Response, Response> {
    let form: ChangeGrace = read(request).await?;
    let done = async {
        let manager = keys.manager(Action::ChangeGrace).await?;
        service::keys::grace::change_grace(keys.app(), &manager, &form.key, &form.grace).await
    };
    let state = FormState::default().with("grace", &form.grace);
    let (done, ids) = (done.await, [form.key]);
    Ok(go_on(keys, Action::ChangeGrace, &ids, done, state).await)
}

async fn revoke(keys: &Keys, request: Request) -> Result<Response, Response> {
    let form: RevokeKeys = read(request).await?;
    let done = async {
        let manager = keys.manager(Action::RevokeKey).await?;
        revoke::revoke(keys.app(), &manager, &form.keys, &form.reason).await
    };
    let state = FormState::default().with("reason", &form.reason);
    Ok(go_on(keys, Action::RevokeKey, &form.keys, done.await, state).await)
}

async fn delete(keys: &Keys, request: Request) -> Result<Response, Response> {
    let form: DeleteKeys = read(request).await?;
    let done = async {
        let manager = keys.manager(Action::DeleteKey).await?;
        service::keys::delete::delete(keys.app(), &manager, &form.keys, &form.confirm).await
    };
    let state = FormState::default().with("confirm", &form.confirm);
    Ok(go_on(keys, Action::DeleteKey, &form.keys, done.await, state).await)
}

/// The page with the secret, or the dialog with the errors.
async fn reveal(
    keys: &Keys,
    action: Action,
    opened: Opened<'_>,
    id: &str,
    made: Result<Revealed, ServiceError>,
    state: FormState,
) -> Response {
    let ids = [id.to_owned()];
    let made = explained(keys.app(), keys.reader.account.id, transition(action), &ids, made).await;
    let made = match made {
        Err(error @ (ServiceError::Gone(sentence) | ServiceError::Ended(sentence))) => {
            return ended(keys, action, &ids, error, sentence).await;
        }
        made => made,
    };
    match answer(keys, made, opened).await {
        Ok(response) => response,
        Err((status, error)) => {
            let dialog = open(keys, action, &ids, state.refused(error)).await;
            draw_again(keys, status, dialog).await
        }
    }
}

/// Path of the page of the only key, if the dialog was opened there and the key still exists.
async fn page_of(keys: &Keys, ids: &[String]) -> Option<String> {
    let [id] = ids else { return None };
    let page = keys.detail(id)?;
    let found = service::keys::find(keys.app(), &keys.reader, id).await;
    found.is_ok().then_some(page)
}

/// Where a dialog leads that cannot be opened: the page of the key on which it was asked for, if that still exists.
/// Otherwise it is the list.
pub async fn way_back(keys: &Keys) -> Option<String> {
    let like = &keys.asked.like;
    if like.is_empty() {
        page_of(keys, &keys.asked.keys()).await
    } else {
        page_of(keys, slice::from_ref(like)).await
    }
}

/// The page with the dialog that says why the action is no longer possible.
async fn ended(
    keys: &Keys,
    action: Action,
    ids: &[String],
    error: ServiceError,
    sentence: &'static str,
) -> Response {
    let dialog = KeyDialog::Ended(EndedData {
        title: action.label(),
        sentence,
        back: page_of(keys, ids).await,
    });
    let (status, _) = refusal(error);
    draw_again(keys, status, Ok((dialog, fresh(keys.app())))).await
}

/// Redirects to the page where the dialog was opened, or renders the dialog with the errors.
async fn go_on(
    keys: &Keys,
    action: Action,
    ids: &[String],
    done: Result<impl Into<Done>, ServiceError>,
    state: FormState,
) -> Response {
    let done = explained(keys.app(), keys.reader.account.id, transition(action), ids, done).await;
    match done {
        Ok(done) => {
            let is_one = ids.len() == 1 && action != Action::DeleteKey;
            let detail = ids.first().filter(|_| is_one).and_then(|id| keys.detail(id));
            let next = match detail {
                Some(detail) => format!("{detail}#{}", paths::STATUS),
                None if action == Action::DeleteKey => keys.view().after_deletion(),
                None => keys.view().after(ids),
            };
            keys.redirect(&next, done.into())
        }
        Err(error @ (ServiceError::Gone(sentence) | ServiceError::Ended(sentence))) => {
            ended(keys, action, ids, error, sentence).await
        }
        Err(error @ (ServiceError::NotFound | ServiceError::Forbidden(_))) => {
            pages::failure(&keys.visit, error).await
        }
        Err(error) => {
            let (status, told) = refusal(error);
            let dialog = open(keys, action, ids, state.refused(told)).await;
            draw_again(keys, status, dialog).await
        }
    }
}
