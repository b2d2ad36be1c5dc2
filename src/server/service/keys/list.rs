//! The list of an account's keys, page by page.

use crate::{
    domain::{
        ids::AccountId,
        key::{Key, KeyStatus},
        page::{Cursor, Page},
        time::Timestamp,
    },
    server::{
        access::AccountReader,
        app::App,
        error::ServiceError,
        store::{Reader, StoreError, Tables as _},
    },
};

use std::collections::BTreeMap;

pub use crate::server::store::keys::list::{KeyCounts, KeyFilter};

/// Rows of a page.
pub const PAGE: u32 = 50;
/// Maximum number of creators that are read; keys of further ones show no creator.
const CREATORS: u32 = 1_000;
/// Maximum number of leaks on the page; more follow once these are acknowledged.
const LEAKS: u32 = 10;

/// A page of the list.
#[derive(Clone, Debug)]
pub struct KeyList {
    /// The keys of the page, newest first, at most [`PAGE`].
    pub keys: Vec<Key>,
    /// Number of keys in the list before these.
    pub before: u64,
    /// Number of keys that match the search, by status.
    pub counts: KeyCounts,
    /// Whether there are newer ones.
    pub has_newer: bool,
    /// Whether there are older ones.
    pub has_older: bool,
    /// Names of the people who created keys of the account, by user id, if they were asked for.
    pub creators: BTreeMap<String, String>,
    /// Reported keys of the account that no owner has acknowledged.
    pub leaks: Vec<Key>,
    /// Whether a key of the account is in its grace period.
    pub any_in_grace: bool,
}

impl KeyList {
    /// Number of keys on all pages of the list.
    #[must_use]
    pub fn total(&self, filter: &KeyFilter) -> u64 {
        self.counts.of(filter.status)
    }

    /// Cursor of its first key.
    #[must_use]
    pub fn first_cursor(&self) -> Option<Cursor> {
        self.keys.first().map(cursor_of)
    }

    /// Cursor of its last key.
    #[must_use]
    pub fn last_cursor(&self) -> Option<Cursor> {
        self.keys.last().map(cursor_of)
    }
}

/// Cursor of a key in the list.
fn cursor_of(key: &Key) -> Cursor {
    Cursor {
        at: key.created_at,
        id: key.id.uuid(),
    }
}

/// A page of an account's keys. If no row is left beyond the cursor, because rows were removed meanwhile, it
/// is the last or the first page.
///
/// Everything is read with one connection: taking and returning one costs more than most of these statements.
///
/// # Errors
/// When the database fails.
pub async fn list(
    app: &App,
    reader: &AccountReader,
    filter: &KeyFilter,
    page: Page,
    with_creators: bool,
) -> Result<KeyList, ServiceError> {
    let (account, now) = (reader.account.id, app.now());
    let mut store = app.store.read().await?;
    let mut list = nearest(&mut store, account, filter, now, page).await?;
    if with_creators {
        let creators = store.key_list().creators(account, CREATORS).await?;
        list.creators = creators.into_iter().collect();
    }
    list.leaks = store.leaks().open(account, LEAKS).await?;
    list.any_in_grace = if filter.search.is_empty() {
        list.counts.of(Some(KeyStatus::Rotated)) > 0
    } else {
        store.logs().any_in_grace(account, now).await?
    };
    Ok(list)
}

async fn nearest(
    store: &mut Reader,
    account: AccountId,
    filter: &KeyFilter,
    now: Timestamp,
    page: Page,
) -> Result<KeyList, StoreError> {
    let list = exactly(store, account, filter, now, page).await?;
    let instead = match page {
        Page::Older(_) => Page::Last,
        Page::Newer(_) => Page::First,
        Page::First | Page::Last => return Ok(list),
    };
    if list.keys.is_empty() && list.total(filter) > 0 {
        exactly(store, account, filter, now, instead).await
    } else {
        Ok(list)
    }
}

async fn exactly(
    store: &mut Reader,
    account: AccountId,
    filter: &KeyFilter,
    now: Timestamp,
    page: Page,
) -> Result<KeyList, StoreError> {
    // One row more than a page, to detect whether there are others.
    let (size, limit) = (PAGE as usize, PAGE + 1);
    let counts = store.key_list().counts(account, filter, now).await?;
    let (mut keys, backwards) = match page {
        Page::First => (
            store.key_list().older(account, filter, now, None, limit).await?,
            false,
        ),
        Page::Older(cursor) => (
            store
                .key_list()
                .older(account, filter, now, Some(cursor), limit)
                .await?,
            false,
        ),
        Page::Newer(cursor) => (
            store
                .key_list()
                .newer(account, filter, now, Some(cursor), limit)
                .await?,
            true,
        ),
        Page::Last => (
            store.key_list().newer(account, filter, now, None, limit).await?,
            true,
        ),
    };
    let more = keys.len() > size;
    keys.truncate(size);
    if backwards {
        keys.reverse();
    }
    let before = match keys.first() {
        Some(first) if page != Page::First => {
            store
                .key_list()
                .count_newer(account, filter, now, cursor_of(first))
                .await?
        }
        _ => 0,
    };
    let mut list = KeyList {
        before,
        counts,
        has_newer: before > 0,
        has_older: more && !backwards,
        keys,
        creators: BTreeMap::new(),
        leaks: Vec::new(),
        any_in_grace: false,
    };
    if backwards {
        list.has_older = before + (list.keys.len() as u64) < list.total(filter);
    }
    Ok(list)
}
