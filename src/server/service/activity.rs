//! The activity: written in the transaction of each change (docs/security.md, S66), listed and exported.

use super::long_reads::{self, LongReadError};
use crate::{
    domain::{
        activity::{Actor, Entry, Event, Trace},
        ids::AccountId,
        key::Key,
        page::{Cursor, Page},
        time::Timestamp,
    },
    server::{
        access::{AccountReader, KeyManager},
        app::App,
        error::ServiceError,
        recorder::folds::{self, Seen},
        store::{StoreError, Tables, Tx},
    },
};

use std::collections::BTreeSet;

pub use crate::server::store::activity::{ActivityFilter, Events};

/// Rows of a page.
pub const PAGE: u32 = 200;
/// Rows that an export reads at a time.
const CHUNK: u32 = 500;

/// The error page adds when to try again.
const SEARCH_TOO_LONG: &str = "The search took too long. You can also search for something more specific.";

impl<'a> From<&'a KeyManager> for Actor<'a> {
    fn from(manager: &'a KeyManager) -> Self {
        Self {
            user: Some(manager.user),
            name: &manager.name,
            trace: Some(&manager.trace),
        }
    }
}

/// Records a change of a key; `detail` is additional text.
pub(super) async fn note(
    app: &App,
    tx: &mut Tx,
    actor: impl Into<Actor<'_>>,
    at: Timestamp,
    event: Event,
    key: &Key,
    detail: impl Into<String>,
) -> Result<(), StoreError> {
    let target = (key.id.to_string(), key.name.as_str());
    let entry = Entry::new(
        app.rng.bytes(),
        Some(key.account),
        at,
        actor.into(),
        event,
        target,
        detail,
    );
    tx.activity().insert(&entry).await
}

/// A page of the activity.
#[derive(Clone, Debug)]
pub struct ActivityList {
    /// Its entries, newest first, at most [`PAGE`].
    pub entries: Vec<Entry>,
    /// Number of entries before these, and in total; `None` if counting timed out.
    pub counts: Option<(u64, u64)>,
    /// Whether there are newer ones.
    pub has_newer: bool,
    /// Whether there are older ones.
    pub has_older: bool,
    /// Ids of keys in its entries that were not deleted, so that they have a page.
    pub keys: BTreeSet<String>,
}

impl ActivityList {
    /// Cursor of its first entry.
    #[must_use]
    pub fn first_cursor(&self) -> Option<Cursor> {
        self.entries.first().map(cursor_of)
    }

    /// Cursor of its last entry.
    #[must_use]
    pub fn last_cursor(&self) -> Option<Cursor> {
        self.entries.last().map(cursor_of)
    }
}

/// Cursor of an entry in the list.
fn cursor_of(entry: &Entry) -> Cursor {
    Cursor {
        at: entry.at,
        id: entry.id,
    }
}

/// A page of an account's activity.
///
/// # Errors
/// `Overloaded` when a search took too long: it reads all entries of the account.
pub async fn list(
    app: &App,
    reader: &AccountReader,
    filter: &ActivityFilter,
    page: Page,
) -> Result<ActivityList, ServiceError> {
    let account = reader.account.id;
    // One row more than a page, to detect whether there are others.
    let limit = PAGE + 1;
    let mut entries = if filter.reads_everything() {
        let filter = filter.clone();
        let found = long_reads::for_page(app, account, |read| {
            Box::pin(async move { read_page(read, account, &filter, page, limit).await })
        });
        found.await?.ok_or(ServiceError::Overloaded(SEARCH_TOO_LONG))?
    } else {
        read_page(&mut app.store.read().await?, account, filter, page, limit).await?
    };
    let is_backwards = matches!(page, Page::Newer(_) | Page::Last);
    let has_more = entries.len() > PAGE as usize;
    entries.truncate(PAGE as usize);
    if is_backwards {
        entries.reverse();
    }
    let first = entries.first().map(cursor_of);
    let counted = {
        let filter = filter.clone();
        long_reads::for_page(app, account, |read| {
            Box::pin(async move {
                let total = read.activity().count(account, &filter, None).await?;
                let before = match first {
                    Some(first) => read.activity().count(account, &filter, Some(first)).await?,
                    None => 0,
                };
                Ok((before, total))
            })
        })
    };
    let shown = entries.len() as u64;
    let counts = counted.await?;
    let keys = existing(app, account, &entries).await?;
    Ok(ActivityList {
        keys,
        has_newer: match (page, counts) {
            (Page::First, _) => false,
            (_, Some((before, _))) => before > 0,
            (Page::Older(_), None) => true,
            (Page::Newer(_) | Page::Last, None) => has_more,
        },
        has_older: match (page, counts) {
            (Page::Last, _) => false,
            (_, Some((before, total))) => before + shown < total,
            (Page::Newer(_), None) => true,
            (Page::First | Page::Older(_), None) => has_more,
        },
        counts,
        entries,
    })
}

/// Ids of the keys that these entries are about and that were not deleted; one statement for all of them.
async fn existing(
    app: &App,
    account: AccountId,
    entries: &[Entry],
) -> Result<BTreeSet<String>, ServiceError> {
    let about_keys = entries.iter().filter(|entry| entry.event.is_about_a_key());
    let ids: BTreeSet<&str> = about_keys.map(|entry| entry.target.as_str()).collect();
    if ids.is_empty() {
        return Ok(BTreeSet::new());
    }
    let ids: Vec<&str> = ids.into_iter().collect();
    let mut store = app.store.read().await?;
    Ok(store.keys().existing(account, &ids).await?)
}

async fn read_page(
    store: &mut impl Tables,
    account: AccountId,
    filter: &ActivityFilter,
    page: Page,
    limit: u32,
) -> Result<Vec<Entry>, StoreError> {
    let activity = store.activity();
    match page {
        Page::First => activity.older(account, filter, None, limit).await,
        Page::Older(cursor) => activity.older(account, filter, Some(cursor), limit).await,
        Page::Newer(cursor) => activity.newer(account, filter, Some(cursor), limit).await,
        Page::Last => activity.newer(account, filter, None, limit).await,
    }
}

/// The newest entries about a key.
pub async fn of_key(
    app: &App,
    reader: &AccountReader,
    key: &Key,
    limit: u32,
) -> Result<Vec<Entry>, ServiceError> {
    let mut store = app.store.read().await?;
    let id = key.id.to_string();
    Ok(store.activity().of_target(reader.account.id, &id, limit).await?)
}

/// Records an export of the activity; repeats within a minute are one entry.
pub async fn note_export(
    app: &App,
    reader: &AccountReader,
    trace: &Trace,
    format: &str,
) -> Result<(), ServiceError> {
    let account = &reader.account;
    let actor = Actor {
        user: Some(reader.user),
        name: &reader.name,
        trace: Some(trace),
    };
    let target = (account.id.to_string(), account.name.as_str());
    let entry = Entry::new(
        app.rng.bytes(),
        Some(account.id),
        app.now(),
        actor,
        Event::ActivityExported,
        target,
        format,
    );
    let Seen::First(first) = app.folds.count(&entry) else {
        return Ok(());
    };
    match folds::write_first(&app.store, &entry).await {
        Ok(()) => first.written(),
        Err(error) => {
            first.undo();
            return Err(error.into());
        }
    }
    Ok(())
}

/// The next entries of an export after `cursor`, newest first; empty at the end.
pub async fn export_chunk(
    app: &App,
    account: AccountId,
    filter: &ActivityFilter,
    cursor: Option<Cursor>,
) -> Result<(Vec<Entry>, Option<Cursor>), ServiceError> {
    let entries = if filter.reads_everything() {
        let filter = filter.clone();
        let found = long_reads::run(app, account, long_reads::EXPORT, |read| {
            Box::pin(async move { read.activity().older(account, &filter, cursor, CHUNK).await })
        });
        found.await.map_err(|error| match error {
            LongReadError::Busy | LongReadError::TooLong => ServiceError::Overloaded(SEARCH_TOO_LONG),
            LongReadError::Store(error) => error.into(),
        })?
    } else {
        let mut store = app.store.read().await?;
        store.activity().older(account, filter, cursor, CHUNK).await?
    };
    let next = entries.last().map(cursor_of);
    Ok((entries, next))
}
