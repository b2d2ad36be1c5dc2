//! Accounts: what keys belong to.

use super::{Conn, StoreError, declare, on};
use crate::domain::{
    ids::{AccountId, UserId},
    time::Timestamp,
};

declare! {
    INSERT = "INSERT INTO accounts (id, slug, name, kind, primary_owner_id, created_at) VALUES ($1, $2, $3, 'personal', $4, $5)";
    /// Absent and not theirs are one answer.
    OF_USER_BY_SLUG = "SELECT id, slug, name, created_at FROM accounts WHERE slug = $1 AND primary_owner_id = $2";
    PERSONAL = "SELECT id, slug, name, created_at FROM accounts WHERE primary_owner_id = $1 AND kind = 'personal'";
    PROFILE = "SELECT accounts.name AS name, users.email AS email, accounts.created_at AS created_at
        FROM accounts JOIN users ON users.id = accounts.primary_owner_id WHERE accounts.id = $1";
}

/// An account.
#[derive(Clone, Debug)]
pub struct Account {
    /// Id.
    pub id: AccountId,
    /// Its part of every URL.
    pub slug: String,
    /// Name for showing.
    pub name: String,
    /// When it was made.
    pub created_at: Timestamp,
}

/// What `GET /v1/user/account` tells of an account.
#[derive(Debug, sqlx::FromRow)]
pub struct Profile {
    /// Name for showing.
    pub name: String,
    /// Address of its primary owner.
    pub email: String,
    /// Milliseconds since 1970.
    pub created_at: i64,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: String,
    slug: String,
    name: String,
    created_at: i64,
}

impl TryFrom<Row> for Account {
    type Error = StoreError;
    fn try_from(row: Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: row
                .id
                .parse()
                .map_err(|_| StoreError::Unreadable("accounts.id"))?,
            slug: row.slug,
            name: row.name,
            created_at: Timestamp::from_millis(row.created_at),
        })
    }
}

/// The table.
pub struct Accounts<'c>(pub(super) Conn<'c>);

impl Accounts<'_> {
    /// Adds the personal account of a person.
    ///
    /// # Errors
    /// `Taken(Slug)` when another account has the slug.
    pub async fn insert_personal(self, account: &Account, owner: UserId) -> Result<(), StoreError> {
        on!(self.0, c => {
            sqlx::query(INSERT)
                .bind(account.id.to_string())
                .bind(&account.slug)
                .bind(&account.name)
                .bind(owner.to_string())
                .bind(account.created_at.millis())
                .execute(c)
                .await?;
        });
        Ok(())
    }

    /// The account with this slug if `user` belongs to it.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn of_user_by_slug(self, user: UserId, slug: &str) -> Result<Option<Account>, StoreError> {
        let row = on!(self.0, c => {
            sqlx::query_as::<_, Row>(OF_USER_BY_SLUG).bind(slug).bind(user.to_string()).fetch_optional(c).await?
        });
        row.map(TryInto::try_into).transpose()
    }

    /// The personal account of a person.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn personal(self, user: UserId) -> Result<Option<Account>, StoreError> {
        let row = on!(self.0, c => sqlx::query_as::<_, Row>(PERSONAL).bind(user.to_string()).fetch_optional(c).await?);
        row.map(TryInto::try_into).transpose()
    }

    /// What an account tells of itself to a program.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn profile(self, account: AccountId) -> Result<Option<Profile>, StoreError> {
        Ok(on!(self.0, c => {
            sqlx::query_as::<_, Profile>(PROFILE).bind(account.to_string()).fetch_optional(c).await?
        }))
    }
}
