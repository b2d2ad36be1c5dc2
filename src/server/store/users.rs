//! People who can sign in.

pub mod changes;
pub mod sessions;
pub mod sign_in_waits;

use super::{Conn, StoreError, declare, on};
use crate::domain::{
    email::Email,
    ids::{AccountId, UserId},
    name::PersonName,
    time::Timestamp,
};

declare! {
    INSERT = "INSERT INTO users (id, name, email, email_key, password_hash, created_at) VALUES ($1, $2, $3, $4, $5, $6)";
    BY_ID = "SELECT id, name, email, password_hash, last_account_id FROM users WHERE id = $1";
    BY_EMAIL = "SELECT id, name, email, password_hash, last_account_id FROM users WHERE email_key = $1";
    /// Locks the person against other transactions that call this; changes nothing.
    LOCK = "UPDATE users SET name = name WHERE id = $1";
    SET_LAST_ACCOUNT = "UPDATE users SET last_account_id = $2 WHERE id = $1 AND (last_account_id IS NULL OR last_account_id <> $2)";
}

/// A person, with the hash of their password.
pub struct User {
    /// Id.
    pub id: UserId,
    /// Name for display.
    pub name: String,
    /// Email as typed at sign-up.
    pub email: String,
    /// argon2id in PHC string format.
    pub password_hash: String,
    /// Id of the account they visited last.
    pub last_account: Option<String>,
}

/// A person to be stored.
pub struct NewUser<'a> {
    /// Id.
    pub id: UserId,
    /// Name.
    pub name: &'a PersonName,
    /// Email.
    pub email: &'a Email,
    /// argon2id in PHC string format.
    pub password_hash: &'a str,
    /// Time of the sign-up.
    pub created_at: Timestamp,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: String,
    name: String,
    email: String,
    password_hash: String,
    last_account_id: Option<String>,
}

impl TryFrom<Row> for User {
    type Error = StoreError;
    fn try_from(row: Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.id.parse().map_err(|_| StoreError::Unreadable("users.id"))?,
            name: row.name,
            email: row.email,
            password_hash: row.password_hash,
            last_account: row.last_account_id,
        })
    }
}

/// The table.
pub struct Users<'c>(pub(super) Conn<'c>);

impl Users<'_> {
    /// Adds a person.
    ///
    /// # Errors
    /// `Taken(Email)` when another person has the email.
    pub async fn insert(self, user: &NewUser<'_>) -> Result<(), StoreError> {
        on!(self.0, c => {
            sqlx::query(INSERT)
                .bind(user.id.to_string())
                .bind(user.name.as_str())
                .bind(user.email.to_string())
                .bind(user.email.key())
                .bind(user.password_hash)
                .bind(user.created_at.millis())
                .execute(c)
                .await?;
        });
        Ok(())
    }

    /// The person with this id.
    pub async fn by_id(self, id: UserId) -> Result<Option<User>, StoreError> {
        let row =
            on!(self.0, c => sqlx::query_as::<_, Row>(BY_ID).bind(id.to_string()).fetch_optional(c).await?);
        row.map(TryInto::try_into).transpose()
    }

    /// The person with this email, in any case.
    pub async fn by_email(self, email: &Email) -> Result<Option<User>, StoreError> {
        let row =
            on!(self.0, c => sqlx::query_as::<_, Row>(BY_EMAIL).bind(email.key()).fetch_optional(c).await?);
        row.map(TryInto::try_into).transpose()
    }

    /// Locks the person, so that only one transaction at a time counts their accounts or sessions and adds to
    /// them.
    pub async fn lock(self, id: UserId) -> Result<(), StoreError> {
        on!(self.0, c => {
            sqlx::query(LOCK).bind(id.to_string()).execute(c).await?;
        });
        Ok(())
    }

    /// Stores the account that the person visited last.
    pub async fn set_last_account(self, id: UserId, account: AccountId) -> Result<(), StoreError> {
        on!(self.0, c => {
            sqlx::query(SET_LAST_ACCOUNT).bind(id.to_string()).bind(account.to_string()).execute(c).await?;
        });
        Ok(())
    }
}
