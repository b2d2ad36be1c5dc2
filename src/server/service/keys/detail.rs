//! Everything that is known of one key, and what it did.

use super::{
    find,
    grace::{Since, since},
};
use crate::{
    domain::{activity::Entry, ids::KeyId, key::Key, time::Timestamp},
    server::{
        access::AccountReader,
        app::App,
        error::ServiceError,
        service::{activity::of_key, long_reads},
        store::Tables as _,
    },
};
use std::{collections::BTreeMap, time::Duration};

pub use crate::server::store::logs::read::LoggedRequest;

/// Days that the chart shows.
pub const DAYS: usize = 30;
/// Requests and entries of the activity that the page shows.
const LAST: u32 = 20;

/// Requests of a day: those that passed the check of the key, and the others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Requests {
    /// Passed.
    pub accepted: u64,
    /// Did not.
    pub refused: u64,
}

/// A key and what it did.
#[derive(Debug)]
pub struct KeyDetail {
    /// The key.
    pub key: Key,
    /// Name of its creator, if they still exist.
    pub creator: Option<String>,
    /// It and the keys that it replaces or is replaced by, newest first.
    pub chain: Vec<Key>,
    /// What the keys in their grace period and their replacements did since the rotation.
    pub since: BTreeMap<KeyId, Since>,
    /// The midnight (UTC) that the first of the days begins with.
    pub first_day: Timestamp,
    /// Each day up to today; nothing where they could not be counted in time.
    pub days: Option<[Requests; DAYS]>,
    /// Its last requests, newest first.
    pub requests: Vec<LoggedRequest>,
    /// Whether requests of these days were dropped from the log. It is not known for which keys.
    pub has_gaps: bool,
    /// What was done to it, newest first.
    pub activity: Vec<Entry>,
}

/// The requests of a key on each day from the first on.
async fn days(
    app: &App,
    reader: &AccountReader,
    key: KeyId,
    first_day: Timestamp,
) -> Result<Option<[Requests; DAYS]>, ServiceError> {
    let counted = long_reads::for_page(app, reader.account.id, |read| {
        Box::pin(async move { read.logs().days(key, first_day).await })
    });
    let Some(rows) = counted.await? else {
        return Ok(None);
    };
    let mut days = [Requests::default(); DAYS];
    for row in rows {
        let day = usize::try_from(row.day).ok().and_then(|day| days.get_mut(day));
        if let Some(day) = day {
            day.accepted = row.accepted.unsigned_abs();
            day.refused = row.refused.unsigned_abs();
        }
    }
    Ok(Some(days))
}

/// Gathers it.
///
/// # Errors
/// `NotFound` when the account has no such key.
pub async fn of(app: &App, reader: &AccountReader, id: &str) -> Result<KeyDetail, ServiceError> {
    let key = find(app, reader, id).await?;
    let today = app.now().midnight();
    let first_day = today.minus(Duration::from_hours(24 * (DAYS as u64 - 1)));
    let since = since(app, reader).await?;
    let activity = of_key(app, reader, &key, LAST).await?;
    let days = days(app, reader, key.id, first_day).await?;
    let mut store = app.store.read().await?;
    let creator = match key.creator {
        Some(creator) => store.users().by_id(creator).await?.map(|user| user.name),
        None => None,
    };
    Ok(KeyDetail {
        creator,
        chain: store.keys().chain(reader.account.id, key.id, LAST).await?,
        since,
        first_day,
        days,
        requests: store.logs().last(key.id, LAST).await?,
        has_gaps: store.logs().has_gaps(first_day).await?,
        activity,
        key,
    })
}
