//! People: listing them, setting a password, ending all sessions.

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
    /// The next people after a cursor, ordered by email; empty at the end.
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

    /// Sets a new password, by the rules of sign-up. Ends all sessions of the person. Known-browser cookies
    /// become invalid too, because they depend on the password's hash. Returns the number of sessions.
    ///
    /// # Errors
    /// `Invalid` with the reason why the password is refused.
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
        // A concurrent sign-in with the old password can no longer create a session.
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
