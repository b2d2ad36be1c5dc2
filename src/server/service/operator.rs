//! What the server operator does by commands: people, teams and keys of the whole server. It is in the activity of
//! the accounts concerned, and holds at once on every server: sessions and roles are read for each request, and the
//! transactions that end keys wait for the other servers.

mod keys;
mod members;
mod people;

pub use keys::Step;
pub use members::InTeam;

pub use crate::server::store::operator::{ListedKey, Made, Member, Named, Person};

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

/// The server operator, at work on its database.
pub struct Operator<'a> {
    /// The database.
    pub store: &'a Store,
    /// The settings.
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

    /// The person who signed up with this address.
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

    /// The account with this slug, and who owns it.
    ///
    /// # Errors
    /// `Conflict` with a sentence when there is none.
    pub async fn account(&self, slug: &str) -> Result<(Account, UserId), ServiceError> {
        match self.store.read().await?.accounts().by_slug(slug).await? {
            Some(found) => Ok(found),
            None => refuse(format!("there is no account {slug}")),
        }
    }

    /// Records what was done in the transaction that does it.
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
