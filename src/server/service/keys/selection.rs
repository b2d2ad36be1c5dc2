//! The keys that a person has selected, one or several.

use crate::{
    domain::{
        ids::{AccountId, KeyId},
        key::Key,
    },
    server::{access::AccountReader, app::App, error::ServiceError, store::Tables},
};

/// Most keys that are ended at once; a page of the list has fewer.
const MOST: usize = 100;

/// What these ids say, each once, in their order.
pub(super) fn read(ids: &[String]) -> Result<Vec<KeyId>, ServiceError> {
    if ids.is_empty() {
        return Err(ServiceError::Refused("Choose a key."));
    }
    if ids.len() > MOST {
        return Err(ServiceError::Refused("These are too many keys at once."));
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
/// `Refused` when there are none or too many, `NotFound` when the account lacks one of them.
pub async fn chosen(app: &App, reader: &AccountReader, ids: &[String]) -> Result<Vec<Key>, ServiceError> {
    let ids = read(ids)?;
    let mut store = app.store.read().await?;
    find(&mut store, reader.account.id, &ids).await
}
