//! Transactions, and what a commit waits for after a key has ended or changed.

use super::{fitness, invalidation::Role, peers};
use crate::{
    domain::ids::{AccountId, KeyId, UserId},
    server::store::{
        Conn, Store, StoreError, Tables,
        accounts::member_changes::MemberChange,
        journal::outbox::{self, Subjects},
        keys::changes::KeyChange,
        users::changes::PersonChange,
    },
};
use sqlx::{Postgres, Sqlite, Transaction};
use std::time::Duration;
use tokio::time::timeout;

/// Time limit for the answer to COMMIT (docs/security.md, S76).
const COMMIT: Duration = Duration::from_millis(1_800);

/// A transaction that may write; rolled back if it is dropped without [`Tx::commit`].
pub struct Tx {
    open: Open,
    store: Store,
    changed: Subjects,
}

pub(super) enum Open {
    /// On SQLite, started with `BEGIN IMMEDIATE` on the only writing connection.
    Sqlite(Transaction<'static, Sqlite>),
    /// On PostgreSQL.
    Postgres(Transaction<'static, Postgres>),
}

/// What a commit waits for after the database has committed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wait {
    /// The journal and all servers.
    ForServers,
    /// The journal.
    ForJournal,
}

impl Tx {
    pub(super) fn new(open: Open, store: Store) -> Self {
        Self {
            open,
            store,
            changed: Subjects::default(),
        }
    }

    /// Starts a change of a key that ends or restricts it.
    pub fn change(&mut self, account: AccountId, id: KeyId) -> KeyChange<'_> {
        self.changed.keys.insert(id);
        KeyChange {
            conn: self.conn(),
            account,
            id,
        }
    }

    /// Starts a change of a membership.
    pub fn change_member(&mut self, account: AccountId, user: UserId) -> MemberChange<'_> {
        self.changed.members.insert((account, user));
        MemberChange {
            conn: self.conn(),
            account,
            user,
        }
    }

    /// Starts a change of a person's password or sessions.
    pub fn change_person(&mut self, user: UserId) -> PersonChange<'_> {
        self.changed.people.insert(user);
        PersonChange {
            conn: self.conn(),
            user,
        }
    }

    /// Commits. Before it returns, this server and every other has dropped the changed keys from its cache, and on
    /// SQLite the endings are in the journal. It waits a second at most for both (docs/security.md, S73, S83).
    ///
    /// # Errors
    /// When the database could not; nothing was changed then, except after [`StoreError::Unanswered`].
    pub async fn commit(self) -> Result<(), StoreError> {
        self.commit_and(Wait::ForServers).await
    }

    /// Commits one step of many, without waiting for the other servers, which takes a second if none runs.
    /// Other servers may still accept ended keys until [`Store::wait_until_all_known`], which must come before the
    /// response (S73).
    ///
    /// # Errors
    /// As for [`Tx::commit`].
    pub async fn commit_step(self) -> Result<(), StoreError> {
        self.commit_and(Wait::ForJournal).await
    }

    async fn commit_and(self, wait: Wait) -> Result<(), StoreError> {
        // PostgreSQL has no journal, so only changed keys have a number to wait for.
        let is_numbered = match self.open {
            Open::Sqlite(_) => !self.changed.is_empty(),
            Open::Postgres(_) => !self.changed.keys.is_empty(),
        };
        if !is_numbered {
            return self.store.learn(self.open.commit().await).await;
        }
        // Spawned, so that it completes even if the caller is gone: a committed change must be recorded.
        let done = tokio::spawn(self.commit_changes(wait)).await;
        done.unwrap_or(Err(StoreError::Broken(sqlx::Error::WorkerCrashed)))
    }

    async fn commit_changes(self, wait: Wait) -> Result<(), StoreError> {
        let Self {
            mut open,
            store,
            changed,
        } = self;
        let epoch = peers::number(open.conn(), &changed.keys).await?;
        if let (Conn::Sqlite(conn), Some(journal)) = (open.conn(), &store.journal) {
            outbox::write(conn, epoch, &changed, journal.written()).await?;
        }
        let committed = store.learn(open.commit().await).await;
        // Even if COMMIT was not answered, because the change may have happened.
        for key in &changed.keys {
            store.changes.drop_key(*key);
        }
        committed?;
        store.changes.record_own(epoch);
        let known = async {
            if wait == Wait::ForServers && !changed.keys.is_empty() {
                store.wait_until_known(epoch).await;
            }
        };
        tokio::join!(known, store.journalled(epoch));
        Ok(())
    }
}

impl Open {
    async fn commit(self) -> Result<(), StoreError> {
        let commit = async {
            match self {
                Self::Sqlite(tx) => tx.commit().await,
                Self::Postgres(tx) => tx.commit().await,
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

    fn conn(&mut self) -> Conn<'_> {
        match self {
            Self::Sqlite(tx) => Conn::Sqlite(tx),
            Self::Postgres(tx) => Conn::Postgres(tx),
        }
    }
}

/// Whether the connection was lost between COMMIT and its answer. An error from the database is an answer,
/// unless it ended the session (57P01 to 57P05, class 08).
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

impl Store {
    /// Records for `/readyz` that the disk is full (docs/security.md, S94).
    async fn learn(&self, committed: Result<(), StoreError>) -> Result<(), StoreError> {
        if committed.as_ref().is_err_and(StoreError::is_full) {
            self.shared.health.refused().await;
        }
        committed
    }

    /// Waits until no server uses keys cached before the change `epoch`, which was committed here.
    async fn wait_until_known(&self, epoch: i64) {
        match self.changes.role {
            // No other server uses the file.
            Role::Alone => {}
            Role::Server => self.changes.wait_until_known(epoch).await,
            Role::Command => peers::wait_until_known(self, epoch).await,
        }
    }

    /// Waits until no server uses a cached key from before any change that is visible now. For a response that a key
    /// has already ended, by another change (docs/security.md, S73). Then it is in the journal too (S83).
    pub async fn wait_until_all_known(&self) -> Result<(), StoreError> {
        // A command that has changed nothing has not opened it yet.
        self.open_journal().await?;
        let epoch = self.poll().await?;
        tokio::join!(self.wait_until_known(epoch), self.journalled(epoch));
        Ok(())
    }
}

impl Tables for Tx {
    fn conn(&mut self) -> Conn<'_> {
        self.open.conn()
    }
}
