//! People: who there is, another password for one, and the end of their sessions.

use super::{Operator, PAGE, Person};
use crate::{
    domain::{
        activity::Event, client_network::Network, email::Email, field_errors::FieldErrors, ids::UserId,
        own_words::OwnWords, password::Password,
    },
    server::{
        error::ServiceError,
        secret::password::Passwords,
        store::{StoreError, Tables as _, Tx},
    },
};
use std::sync::Arc;

impl Operator<'_> {
    /// The next people after a cursor, in the order of their addresses; none at the end.
    pub async fn people(&self, after: &str) -> Result<Vec<Person>, ServiceError> {
        let mut reader = self.store.read().await?;
        Ok(reader.operator().people(after, self.now(), PAGE).await?)
    }

    /// Ends all sessions of a person; returns how many.
    pub async fn sign_out(&self, person: &Person) -> Result<u64, ServiceError> {
        let user = person.id()?;
        let mut tx = self.store.write().await?;
        tx.users().lock(user).await?;
        let ended = end_sessions(&mut tx, user).await?;
        self.record_person(&mut tx, user, person, Event::SignedOut)
            .await?;
        tx.commit().await?;
        Ok(ended)
    }

    /// Gives a person another password, by the rules of signing up. All their sessions end, and so does what their
    /// browsers are known by, which is made from the password's hash. Returns how many sessions there were.
    ///
    /// # Errors
    /// `Invalid` with what is wrong with the password.
    pub async fn set_password(&self, person: &Person, password: &Password) -> Result<u64, ServiceError> {
        let refuse = |sentence: String| ServiceError::Invalid(FieldErrors::one("password", sentence));
        password
            .check_length(self.config.password_min)
            .map_err(|error| refuse(error.to_string()))?;
        let email = Email::parse(&person.email).map_or_else(|_| person.email.clone(), |email| email.key());
        let own = OwnWords::new(&person.name, &email, &self.config.brand);
        let passwords = Passwords::new(self.parts.cost, Arc::clone(&self.parts.rng));
        let place = Network::Unreadable;
        if let Some(weakness) = passwords.weakness(password.clone(), own, place).await? {
            return Err(refuse(weakness));
        }
        let hash = passwords.hash(password.clone(), place).await?;

        let user = person.id()?;
        let mut tx = self.store.write().await?;
        tx.users().lock(user).await?;
        tx.change_person(user).set_password_hash(&hash).await?;
        let ended = end_sessions(&mut tx, user).await?;
        self.record_person(&mut tx, user, person, Event::PasswordChanged)
            .await?;
        tx.commit().await?;
        // A sign-in that is under way with the old password makes no session any more.
        Ok(ended)
    }

    async fn record_person(
        &self,
        tx: &mut Tx,
        user: UserId,
        person: &Person,
        event: Event,
    ) -> Result<(), StoreError> {
        let account = tx.accounts().personal_of(user).await?;
        let target = (user.to_string(), person.name.as_str());
        self.record(tx, account, event, target, "").await
    }
}

async fn end_sessions(tx: &mut Tx, user: UserId) -> Result<u64, StoreError> {
    let mut all = 0;
    loop {
        match tx.change_person(user).end_sessions().await? {
            0 => return Ok(all),
            ended => all += ended,
        }
    }
}
