//! Use cases of the server operator's commands: people, teams and keys of the whole server. They are recorded
//! in the activity of the accounts concerned. They take effect on every server at once: sessions and roles
//! are read for each request, and transactions that end keys wait for the other servers.

mod keys;
mod members;
mod people;

pub use keys::Step;
pub use members::InTeam;

pub use crate::server::store::operator::{KeyCursor, ListedKey, Member, Named, Person};

use crate::{
    domain::{
        activity::{Actor, Entry, Event},
        email::Email,
        ids::{AccountId, UserId},
        time::Timestamp,
    },
    server::{
        app::Parts,
        config::Config,
        error::ServiceError,
        store::{Store, StoreError, Tables as _, Tx, accounts::Account},
    },
};

/// Rows that a list reads at a time.
pub const PAGE: u32 = 500;

/// Context of a command.
pub struct Operator<'a> {
    /// The database.
    pub store: &'a Store,
    /// The configuration.
    pub config: &'a Config,
    /// Time and randomness.
    pub parts: &'a Parts,
}

fn refuse<T>(sentence: String) -> Result<T, ServiceError> {
    Err(ServiceError::Conflict(sentence))
}

impl Operator<'_> {
    fn now(&self) -> Timestamp {
        self.parts.clock.now()
    }

    /// The person with this email.
    ///
    /// # Errors
    /// `Conflict` with a sentence when there is none.
    pub async fn person(&self, email: &str) -> Result<Person, ServiceError> {
        let Ok(address) = Email::parse(email) else {
            return refuse(format!("{email} is not an email address"));
        };
        let mut reader = self.store.read().await?;
        match reader.operator().person(&address, self.now()).await? {
            Some(person) => Ok(person),
            None => refuse(format!("there is no person with the email {email}")),
        }
    }

    /// The account with this slug, and its primary owner.
    ///
    /// # Errors
    /// `Conflict` with a sentence when there is none.
    pub async fn account(&self, slug: &str) -> Result<(Account, UserId), ServiceError> {
        match self.store.read().await?.accounts().by_slug(slug).await? {
            Some(found) => Ok(found),
            None => refuse(format!("there is no account {slug}")),
        }
    }

    /// Records a change in the activity, in the change's transaction.
    async fn record(
        &self,
        tx: &mut Tx,
        account: Option<AccountId>,
        event: Event,
        target: (String, &str),
        detail: impl Into<String>,
    ) -> Result<(), StoreError> {
        let id = self.parts.rng.bytes();
        let entry = Entry::new(id, account, self.now(), Actor::OPERATOR, event, target, detail);
        tx.activity().insert(&entry).await
    }
}
