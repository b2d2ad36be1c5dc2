//! Keys of the whole server: listing them, and revoking one or many. Many are revoked in steps of one
//! transaction each (docs/security.md, S85); after the last step the command waits for the servers (S73).

use super::{KeyCursor, ListedKey, Named, Operator, PAGE, refuse};
use crate::{
    domain::{
        activity::Event,
        ids::{AccountId, KeyId},
        key::{Key, KeyStatus, Transition},
        time::Timestamp,
    },
    server::{
        error::ServiceError,
        service::keys::revoke,
        store::{Tables as _, Tx},
    },
};

/// Keys that one transaction revokes. Measured in an account of 1,000,000 keys on SQLite: a step took 22 ms,
/// the longest of 1,000 steps 112 ms, and other writes waited as long (two cores, unoptimised build).
const STEP: u32 = 50;

/// Result of a step.
#[derive(Clone, Copy, Debug, Default)]
pub struct Step {
    /// Keys that were revoked.
    pub revoked: u64,
    /// Cursor for the next step; `None` after the last key.
    pub last: Option<KeyCursor>,
}

impl Operator<'_> {
    /// The current time, for the states of keys.
    #[must_use]
    pub fn at(&self) -> Timestamp {
        self.now()
    }

    /// The next accounts after a slug; empty at the end.
    pub async fn accounts(&self, after: &str) -> Result<Vec<Named>, ServiceError> {
        Ok(self.store.read().await?.operator().accounts(after, PAGE).await?)
    }

    /// The keys of an account that were created before this one, newest first; empty at the end.
    pub async fn keys(
        &self,
        account: AccountId,
        before: Option<&Key>,
    ) -> Result<Vec<ListedKey>, ServiceError> {
        Ok(self
            .store
            .read()
            .await?
            .operator()
            .keys(account, before, PAGE)
            .await?)
    }

    /// A key by its id, and its account.
    ///
    /// # Errors
    /// `Conflict` with a sentence when there is none.
    pub async fn key(&self, id: &str) -> Result<(Key, Named), ServiceError> {
        let mut reader = self.store.read().await?;
        if let Ok(key) = id.parse::<KeyId>()
            && let Some(account) = reader.operator().account_of_key(key).await?
            && let Some(found) = reader.keys().by_id(account.id, key).await?
        {
            return Ok((found, account));
        }
        // The argument is not repeated in the message, because it can be a whole key.
        refuse("there is no key with this id: babysea key list shows the ids".to_owned())
    }

    /// Number of live keys, of an account or of the whole server.
    pub async fn live_keys(&self, account: Option<AccountId>) -> Result<u64, ServiceError> {
        let (mut reader, now) = (self.store.read().await?, self.now());
        Ok(match account {
            Some(account) => reader.keys().count_live(account, now).await?,
            None => reader.operator().count_live(now).await?,
        })
    }

    /// Revokes a key.
    ///
    /// # Errors
    /// `Conflict` when it has ended already, `Invalid` with the reason.
    pub async fn revoke_key(&self, key: &Key, why: &str) -> Result<(), ServiceError> {
        let (account, now, reason) = (key.account, self.now(), revoke::reason(why)?);
        let mut tx = self.store.write().await?;
        tx.accounts().lock(account).await?;
        tx.keys().lock(account, &[key.id]).await?;
        let Some(key) = tx.keys().by_id(account, key.id).await? else {
            return refuse("this key was deleted in the meantime".to_owned());
        };
        if !self.revoke(&mut tx, &key, now, &reason).await? {
            drop(tx);
            // The key has ended on every server before this response, whichever change ended it (docs/security.md,
            // S73).
            self.store.wait_until_all_known().await?;
            return refuse(match key.status(now) {
                KeyStatus::Expired => "this key has already expired".to_owned(),
                _ => "this key is already revoked".to_owned(),
            });
        }
        Ok(tx.commit().await?)
    }

    /// Revokes the next [`STEP`] live keys of an account, newest first, from the cursor `before` on. The keys are selected
    /// before the transaction begins, so that its duration does not depend on the number of keys of the account. A step
    /// does not wait for the servers: that takes a second if none runs. Call [`Operator::settle`] after the last step.
    ///
    /// # Errors
    /// `Invalid` for the reason.
    pub async fn revoke_step(
        &self,
        account: AccountId,
        before: Option<KeyCursor>,
        why: &str,
    ) -> Result<Step, ServiceError> {
        let (now, reason) = (self.now(), revoke::reason(why)?);
        let mut reader = self.store.read().await?;
        let keys = reader.operator().live_keys(account, now, before, STEP).await?;
        drop(reader);
        let Some(&last) = keys.last() else {
            return Ok(Step::default());
        };
        let mut tx = self.store.write().await?;
        tx.accounts().lock(account).await?;
        let ids: Vec<_> = keys.iter().map(|key| key.id).collect();
        tx.keys().lock(account, &ids).await?;
        let mut revoked = 0;
        for id in ids {
            // Read again under the lock.
            if let Some(key) = tx.keys().by_id(account, id).await?
                && self.revoke(&mut tx, &key, now, &reason).await?
            {
                revoked += 1;
            }
        }
        tx.commit_step().await?;
        Ok(Step {
            revoked,
            last: Some(last),
        })
    }

    /// Waits until no server accepts any key that has been revoked up to now, by this command or by others.
    pub async fn settle(&self) -> Result<(), ServiceError> {
        Ok(self.store.wait_until_all_known().await?)
    }

    async fn revoke(
        &self,
        tx: &mut Tx,
        key: &Key,
        now: Timestamp,
        reason: &str,
    ) -> Result<bool, ServiceError> {
        if !key.allows(Transition::Revoke, now) || !tx.change(key.account, key.id).revoke(now).await? {
            return Ok(false);
        }
        let target = (key.id.to_string(), key.name.as_str());
        self.record(tx, Some(key.account), Event::KeyRevoked, target, reason)
            .await?;
        Ok(true)
    }
}
