//! The keys that a person has selected.

use crate::{
    domain::{
        ids::{AccountId, KeyId},
        key::Key,
    },
    server::{access::AccountReader, app::App, error::ServiceError, store::Tables},
};

/// Maximum number of keys in one action; more than a page of the list has.
const MOST: usize = 100;

/// Parses ids; each once, in their order.
pub(super) fn read(ids: &[String]) -> Result<Vec<KeyId>, ServiceError> {
    if ids.is_empty() {
        return Err(ServiceError::Refused("Select at least one key."));
    }
    if ids.len() > MOST {
        return Err(ServiceError::Refused("Select at most 100 keys."));
    }
    let mut read = Vec::new();
    for id in ids {
        let id: KeyId = id.parse().map_err(|_| ServiceError::NotFound)?;
        if !read.contains(&id) {
            read.push(id);
        }
    }
    Ok(read)
}

pub(super) async fn find(
    store: &mut impl Tables,
    account: AccountId,
    ids: &[KeyId],
) -> Result<Vec<Key>, ServiceError> {
    let mut keys = Vec::new();
    for &id in ids {
        let key = store.keys().by_id(account, id).await?;
        keys.push(key.ok_or(ServiceError::NotFound)?);
    }
    Ok(keys)
}

/// The keys with these ids, each once, in their order.
///
/// # Errors
/// `Refused` for no or too many ids, `NotFound` when the account lacks one of them.
pub async fn chosen(app: &App, reader: &AccountReader, ids: &[String]) -> Result<Vec<Key>, ServiceError> {
    let ids = read(ids)?;
    let mut store = app.store.read().await?;
    find(&mut store, reader.account.id, &ids).await
}
