//! Transactions, and what follows when something was ended or changed in one.

use super::{
    Conn, Store, StoreError, Tables,
    changes::Role,
    fitness,
    key_changes::KeyChange,
    member_changes::MemberChange,
    outbox::{self, Subjects},
    person_changes::PersonChange,
    sync,
};
use crate::domain::ids::{AccountId, KeyId, UserId};
use sqlx::{Postgres, Sqlite, Transaction};
use std::time::Duration;
use tokio::time::timeout;

/// How long the answer to COMMIT may take (docs/security.md, S76).
const COMMIT: Duration = Duration::from_millis(1_800);

/// A transaction that may write; dropped without [`Tx::commit`], it leaves no trace.
pub struct Tx {
    open: Open,
    store: Store,
    changed: Subjects,
}

/// Whether a commit waits until no server uses what it held before.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Servers {
    Awaited,
    AwaitedLater,
}

pub(super) enum Open {
    /// On SQLite, begun with `BEGIN IMMEDIATE` on the only connection that writes.
    Sqlite(Transaction<'static, Sqlite>),
    /// On PostgreSQL.
    Postgres(Transaction<'static, Postgres>),
}

impl Tx {
    pub(super) fn new(open: Open, store: Store) -> Self {
        Self {
            open,
            store,
            changed: Subjects::default(),
        }
    }

    /// A key of an account that is to end or to be narrowed.
    pub fn change(&mut self, account: AccountId, id: KeyId) -> KeyChange<'_> {
        self.changed.keys.insert(id);
        KeyChange {
            conn: self.conn(),
            account,
            id,
        }
    }

    /// A membership that is to begin, to end or to be another one.
    pub fn change_member(&mut self, account: AccountId, user: UserId) -> MemberChange<'_> {
        self.changed.members.insert((account, user));
        MemberChange {
            conn: self.conn(),
            account,
            user,
        }
    }

    /// A person whose ways in are to change.
    pub fn change_person(&mut self, user: UserId) -> PersonChange<'_> {
        self.changed.people.insert(user);
        PersonChange {
            conn: self.conn(),
            user,
        }
    }

    /// Makes the changes last. Changed keys are let go of on this server and on every other before it returns, and on SQLite
    /// all that was ended or undone is in the journal. It waits a second at most for both (docs/security.md, S73, S83).
    ///
    /// # Errors
    /// When the database could not; nothing was changed then, except after [`StoreError::Unanswered`].
    pub async fn commit(self) -> Result<(), StoreError> {
        self.end(Servers::Awaited).await
    }

    /// Makes the changes last as [`Tx::commit`] does, but does not wait for other servers: for one of many steps, none of
    /// which is answered before [`Store::all_known`] has returned.
    ///
    /// # Errors
    /// As [`Tx::commit`].
    pub async fn commit_step(self) -> Result<(), StoreError> {
        self.end(Servers::AwaitedLater).await
    }

    async fn end(self, servers: Servers) -> Result<(), StoreError> {
        // PostgreSQL has no journal: nobody waits for a number of other changes.
        let is_numbered = match self.open {
            Open::Sqlite(_) => !self.changed.is_empty(),
            Open::Postgres(_) => !self.changed.keys.is_empty(),
        };
        if !is_numbered {
            return self.store.learn(self.open.commit().await).await;
        }
        // To its end even if nobody waits for it any more: a change that lasts is noted.
        let done = tokio::spawn(self.commit_changes(servers)).await;
        done.unwrap_or(Err(StoreError::Broken(sqlx::Error::WorkerCrashed)))
    }

    async fn commit_changes(self, servers: Servers) -> Result<(), StoreError> {
        let Self {
            mut open,
            store,
            changed,
        } = self;
        let epoch = sync::number(open.conn(), &changed.keys).await?;
        if let (Conn::Sqlite(conn), Some(journal)) = (open.conn(), &store.journal) {
            outbox::write(conn, epoch, &changed, journal.written()).await?;
        }
        let committed = store.learn(open.commit().await).await;
        // Whether or not the answer arrived: the change may have.
        for key in &changed.keys {
            store.changes.note(*key);
        }
        committed?;
        store.changes.made(epoch);
        let known = async {
            if !changed.keys.is_empty() && servers == Servers::Awaited {
                store.known(epoch).await;
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

impl Store {
    /// Remembers for `/readyz` that the disk is full (docs/security.md, S94).
    async fn learn(&self, committed: Result<(), StoreError>) -> Result<(), StoreError> {
        if committed.as_ref().is_err_and(StoreError::is_full) {
            self.shared.health.refused().await;
        }
        committed
    }

    /// Waits until no server uses what it held before the change `epoch`, which was committed here.
    async fn known(&self, epoch: i64) {
        match self.changes.role {
            // No other server uses the file.
            Role::Alone => {}
            Role::Server => self.changes.known(epoch).await,
            Role::Command => sync::known(self, epoch).await,
        }
    }

    /// Waits until no server uses what it held before any change that can be read by now: for an answer that says that a key
    /// has ended, where somebody else has ended it (docs/security.md, S73). It is in the journal then too (S83).
    ///
    /// # Errors
    /// When the database fails.
    pub async fn all_known(&self) -> Result<(), StoreError> {
        // A command that has changed nothing has not opened it yet.
        self.open_journal().await?;
        let epoch = self.look().await?;
        tokio::join!(self.known(epoch), self.journalled(epoch));
        Ok(())
    }
}

impl Tables for Tx {
    fn conn(&mut self) -> Conn<'_> {
        self.open.conn()
    }
}
