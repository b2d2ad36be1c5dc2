//! Data of a key's page: the key, its chain, its requests and its activity.

use super::{
    find,
    grace::{Since, since},
};
use crate::{
    domain::{activity::Entry, ids::KeyId, key::Key, log_window::LogWindow},
    server::{
        access::AccountReader,
        app::App,
        error::ServiceError,
        service::{activity::of_key, long_reads},
        store::Tables as _,
    },
};
use std::collections::BTreeMap;

pub use crate::server::store::logs::read::LoggedRequest;

/// Maximum number of days of the chart; fewer if the request log keeps fewer.
const DAYS: u64 = 30;
/// Maximum number of requests and of activity entries on the page.
const LAST: u32 = 20;

/// Requests of a day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Requests {
    /// Requests that passed the check of the key.
    pub accepted: u64,
    /// Requests that were refused.
    pub refused: u64,
}

/// Data of a key's page.
#[derive(Debug)]
pub struct KeyDetail {
    /// The key.
    pub key: Key,
    /// Name of its creator; `None` once that person is deleted.
    pub creator: Option<String>,
    /// The chain of rotations that it is part of, newest key first.
    pub chain: Vec<Key>,
    /// Usage since the rotation, of keys in their grace period and of their replacements.
    pub since: BTreeMap<KeyId, Since>,
    /// The days of the chart.
    pub window: LogWindow,
    /// Requests of each of these days; `None` if counting timed out.
    pub days: Option<Vec<Requests>>,
    /// Its latest requests, newest first.
    pub requests: Vec<LoggedRequest>,
    /// Whether the request log has gaps in these days. A gap does not say which keys it concerns.
    pub has_gaps: bool,
    /// Activity entries about it, newest first.
    pub activity: Vec<Entry>,
}

/// Requests of a key for each day of a window.
async fn days(
    app: &App,
    reader: &AccountReader,
    key: KeyId,
    window: LogWindow,
) -> Result<Option<Vec<Requests>>, ServiceError> {
    let first_day = window.from();
    let counted = long_reads::for_page(app, reader.account.id, |read| {
        Box::pin(async move { read.logs().days(key, first_day).await })
    });
    let Some(rows) = counted.await? else {
        return Ok(None);
    };
    let mut days = vec![Requests::default(); usize::try_from(window.days()).unwrap_or_default()];
    for row in rows {
        let day = usize::try_from(row.day).ok().and_then(|day| days.get_mut(day));
        if let Some(day) = day {
            day.accepted = row.accepted.unsigned_abs();
            day.refused = row.refused.unsigned_abs();
        }
    }
    Ok(Some(days))
}

/// Loads the data.
///
/// # Errors
/// `NotFound` when the account has no such key.
pub async fn of(app: &App, reader: &AccountReader, id: &str) -> Result<KeyDetail, ServiceError> {
    let key = find(app, reader, id).await?;
    let window = LogWindow::by_day(DAYS, app.config.log_retention, app.now());
    let since = since(app, reader).await?;
    let activity = of_key(app, reader, &key, LAST).await?;
    let days = days(app, reader, key.id, window).await?;
    let mut store = app.store.read().await?;
    let creator = match key.creator {
        Some(creator) => store.users().by_id(creator).await?.map(|user| user.name),
        None => None,
    };
    Ok(KeyDetail {
        creator,
        chain: store.keys().chain(reader.account.id, key.id, LAST).await?,
        since,
        window,
        days,
        requests: store.logs().last(key.id, LAST).await?,
        has_gaps: store.logs().has_gaps(window.from()).await?,
        activity,
        key,
    })
}
