//! Turns: of those who ask for something that may run once for an account, one has it and the others wait.

use crate::domain::ids::AccountId;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError, Weak},
};
use tokio::sync::OwnedMutexGuard;

/// Turns beyond which those that nobody waits for are forgotten.
const FORGET_FROM: usize = 1_000;

/// Whose turn it is, by account.
#[derive(Default)]
pub struct Turns(Mutex<HashMap<AccountId, Weak<tokio::sync::Mutex<()>>>>);

impl Turns {
    /// Waits for the turn of an account, which ends with the value.
    pub async fn take(&self, account: AccountId) -> OwnedMutexGuard<()> {
        let turn = {
            let mut turns = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            if turns.len() >= FORGET_FROM {
                turns.retain(|_, turn| turn.strong_count() > 0);
            }
            let turn = turns.get(&account).and_then(Weak::upgrade).unwrap_or_default();
            turns.insert(account, Arc::downgrade(&turn));
            turn
        };
        turn.lock_owned().await
    }
}
