//! Keeps what searches compare of keys' names in the form of this version. Most names need no change: their lower case,
//! which earlier versions stored, is the same.

use super::{KEYS, pace::Pace};
use crate::server::{
    app::App,
    store::{StoreError, Tables as _},
};
use std::time::Instant;

/// Names that one transaction writes.
const STEP: usize = 50;

/// Reads the names of all keys and folds anew those whose stored form is not that of this version; returns how many. Runs
/// at every start and with every purge, because a server of an earlier version may still create keys beside this one.
pub async fn fold(app: &App) -> Result<u64, StoreError> {
    let (mut pace, mut folded, mut after) = (Pace::default(), 0, None);
    loop {
        let names = app.store.read().await?.key_names().after(after, KEYS).await?;
        let Some(last) = names.last() else {
            return Ok(folded);
        };
        after = Some(last.key()?);
        let outdated: Vec<_> = names.iter().filter(|name| name.is_outdated()).collect();
        for step in outdated.chunks(STEP) {
            let began = Instant::now();
            let mut tx = app.store.write().await?;
            for name in step {
                tx.key_names().fold(name).await?;
            }
            tx.commit().await?;
            folded += step.len() as u64;
            pace.rest(&app.store, began.elapsed()).await;
        }
    }
}
