//! Transactions, and what follows when keys were changed in one.

use super::{Changes, Conn, StoreError, Tables, fitness, key_changes::KeyChange, shared};
use crate::domain::ids::{AccountId, KeyId};
use sqlx::{PgPool, Postgres, Sqlite, Transaction};
use std::{sync::Arc, time::Duration};
use tokio::time::timeout;

/// How long the answer to COMMIT may take (docs/security.md, S76).
const COMMIT: Duration = Duration::from_millis(1_800);

/// A transaction that may write; dropped without [`Tx::commit`], it leaves no trace.
pub struct Tx {
    open: Open,
    changes: Arc<Changes>,
    changed: Vec<KeyId>,
}

pub(super) enum Open {
    /// On SQLite, begun with `BEGIN IMMEDIATE` on the only connection that writes.
    Sqlite(Transaction<'static, Sqlite>),
    /// On PostgreSQL, and where to ask how far other servers are.
    Postgres(Transaction<'static, Postgres>, PgPool),
}

impl Tx {
    pub(super) const fn new(open: Open, changes: Arc<Changes>) -> Self {
        Self {
            open,
            changes,
            changed: Vec::new(),
        }
    }

    /// A key of an account that is to end or to be narrowed.
    pub fn change(&mut self, account: AccountId, id: KeyId) -> KeyChange<'_> {
        self.changed.push(id);
        KeyChange {
            conn: self.conn(),
            account,
            id,
        }
    }

    /// Makes the changes last. Changed keys are let go of on this server and on every other before it returns, for
    /// which it waits a second at most (docs/security.md, S73).
    ///
    /// # Errors
    /// When the database could not; nothing was changed then, except after [`StoreError::Unanswered`].
    pub async fn commit(self) -> Result<(), StoreError> {
        if self.changed.is_empty() {
            return self.open.commit().await;
        }
        // To its end even if nobody waits for it any more: a change that lasts is noted.
        let done = tokio::spawn(self.commit_changes()).await;
        done.unwrap_or(Err(StoreError::Broken(sqlx::Error::WorkerCrashed)))
    }

    async fn commit_changes(self) -> Result<(), StoreError> {
        let Self {
            mut open,
            changes,
            changed,
        } = self;
        let shared = match &mut open {
            Open::Sqlite(_) => None,
            Open::Postgres(tx, pool) => Some((shared::next_epoch(tx).await?, pool.clone())),
        };
        let committed = open.commit().await;
        // Whether or not the answer arrived: the change may have.
        for key in changed {
            changes.note(key);
        }
        committed?;
        if let Some((epoch, pool)) = shared {
            changes.made(epoch);
            shared::wait_for_others(&pool, &changes, epoch).await;
        }
        Ok(())
    }
}

impl Open {
    async fn commit(self) -> Result<(), StoreError> {
        let commit = async {
            match self {
                Self::Sqlite(tx) => tx.commit().await,
                Self::Postgres(tx, _) => tx.commit().await,
            }
        };
        match timeout(COMMIT, commit).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) if is_unanswered(&error) => {
                fitness::judge(&error);
                Err(StoreError::Unanswered)
            }
            Ok(Err(error)) => Err(error.into()),
            Err(_) => Err(StoreError::Unanswered),
        }
    }
}

/// Whether the connection was lost between COMMIT and its answer. An answer of the database is an answer, unless it
/// ended the session meanwhile (57P01 to 57P05, class 08).
fn is_unanswered(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_) | sqlx::Error::Protocol(_) | sqlx::Error::Tls(_) | sqlx::Error::WorkerCrashed => {
            true
        }
        sqlx::Error::Database(error) => error
            .code()
            .is_some_and(|code| code.len() == 5 && (code.starts_with("57P") || code.starts_with("08"))),
        _ => false,
    }
}

impl Tables for Tx {
    fn conn(&mut self) -> Conn<'_> {
        match &mut self.open {
            Open::Sqlite(tx) => Conn::Sqlite(tx),
            Open::Postgres(tx, _) => Conn::Postgres(tx),
        }
    }
}
