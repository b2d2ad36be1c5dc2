//! What was done, noted in the transaction that does it (docs/security.md, S66), and read again.

use super::ServiceError;
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
        store::{StoreError, Tables as _, Tx},
    },
};

pub use crate::server::store::activity::ActivityFilter;

/// Rows of a page.
pub const PAGE: u32 = 200;
/// Rows that an export reads at a time.
const CHUNK: u32 = 500;

impl<'a> From<&'a KeyManager> for Actor<'a> {
    fn from(manager: &'a KeyManager) -> Self {
        Self {
            user: Some(manager.user),
            name: &manager.name,
            trace: Some(&manager.trace),
        }
    }
}

/// Notes what was done to a key; `detail` says what else is to be known, in words.
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
    /// How many of the list come before these.
    pub before: u64,
    /// How many the list has on all its pages.
    pub total: u64,
}

impl ActivityList {
    /// Where its first entry stands.
    #[must_use]
    pub fn first_place(&self) -> Option<Cursor> {
        self.entries.first().map(place)
    }

    /// Where its last entry stands.
    #[must_use]
    pub fn last_place(&self) -> Option<Cursor> {
        self.entries.last().map(place)
    }

    /// Whether there are newer ones.
    #[must_use]
    pub const fn has_newer(&self) -> bool {
        self.before > 0
    }

    /// Whether there are older ones.
    #[must_use]
    pub fn has_older(&self) -> bool {
        self.before + (self.entries.len() as u64) < self.total
    }
}

/// Where an entry stands in the list.
fn place(entry: &Entry) -> Cursor {
    Cursor {
        at: entry.at,
        id: entry.id,
    }
}

/// A page of an account's activity.
///
/// # Errors
/// When the database fails.
pub async fn list(
    app: &App,
    reader: &AccountReader,
    filter: &ActivityFilter,
    page: Page,
) -> Result<ActivityList, ServiceError> {
    let account = reader.account.id;
    let mut store = app.store.read().await?;
    let mut entries = match page {
        Page::First => store.activity().older(account, filter, None, PAGE).await?,
        Page::Older(cursor) => {
            store
                .activity()
                .older(account, filter, Some(cursor), PAGE)
                .await?
        }
        Page::Newer(cursor) => {
            store
                .activity()
                .newer(account, filter, Some(cursor), PAGE)
                .await?
        }
        Page::Last => store.activity().newer(account, filter, None, PAGE).await?,
    };
    if matches!(page, Page::Newer(_) | Page::Last) {
        entries.reverse();
    }
    let total = store.activity().count(account, filter, None).await?;
    let before = match entries.first() {
        Some(first) => {
            store
                .activity()
                .count(account, filter, Some(place(first)))
                .await?
        }
        None => 0,
    };
    Ok(ActivityList {
        entries,
        before,
        total,
    })
}

/// The newest entries about a key.
///
/// # Errors
/// When the database fails.
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

/// Notes that the activity is taken out of the product as a file.
///
/// # Errors
/// When the database fails.
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
    let mut tx = app.store.write().await?;
    tx.activity().insert(&entry).await?;
    Ok(tx.commit().await?)
}

/// The entries of an export that follow the one at `cursor`, newest first; none at its end.
///
/// # Errors
/// When the database fails.
pub async fn export_chunk(
    app: &App,
    account: AccountId,
    filter: &ActivityFilter,
    cursor: Option<Cursor>,
) -> Result<(Vec<Entry>, Option<Cursor>), ServiceError> {
    let mut store = app.store.read().await?;
    let entries = store.activity().older(account, filter, cursor, CHUNK).await?;
    let next = entries.last().map(place);
    Ok((entries, next))
}
