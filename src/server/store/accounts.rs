//! Accounts: the owners of keys.

pub mod member_changes;
pub mod memberships;

use super::{Conn, StoreError, declare, engine::row_turns::Turns, on};
use crate::domain::{
    ids::{AccountId, UserId},
    role::Role,
    search,
    time::Timestamp,
};

declare! {
    INSERT = "INSERT INTO accounts (id, slug, name, kind, primary_owner_id, created_at) VALUES ($1, $2, $3, $4, $5, $6)";
    /// The same result for a missing account and for one that the user is no member of.
    OF_USER_BY_SLUG = "SELECT accounts.id, accounts.slug, accounts.name, accounts.kind, accounts.created_at,
            CASE WHEN accounts.primary_owner_id = $1 THEN 'primary-owner' ELSE memberships.role END AS role
        FROM accounts LEFT JOIN memberships ON memberships.account_id = accounts.id AND memberships.user_id = $1
        WHERE (accounts.primary_owner_id = $1 OR memberships.user_id IS NOT NULL) AND accounts.slug = $2";
    OF_USER = "SELECT accounts.id, accounts.slug, accounts.name, accounts.kind, accounts.created_at,
            CASE WHEN accounts.primary_owner_id = $1 THEN 'primary-owner' ELSE memberships.role END AS role
        FROM accounts LEFT JOIN memberships ON memberships.account_id = accounts.id AND memberships.user_id = $1
        WHERE (accounts.primary_owner_id = $1 OR memberships.user_id IS NOT NULL)
        ORDER BY accounts.id";
    COUNT_OF_USER = "SELECT COUNT(*) FROM accounts WHERE primary_owner_id = $1
        OR EXISTS (SELECT 1 FROM memberships WHERE memberships.account_id = accounts.id AND memberships.user_id = $1)";
    /// The one visited last, else the personal one.
    HOME = "SELECT accounts.id, accounts.slug, accounts.name, accounts.kind, accounts.created_at,
            CASE WHEN accounts.primary_owner_id = $1 THEN 'primary-owner' ELSE memberships.role END AS role
        FROM accounts LEFT JOIN memberships ON memberships.account_id = accounts.id AND memberships.user_id = $1
        WHERE (accounts.primary_owner_id = $1 OR memberships.user_id IS NOT NULL)
        ORDER BY CASE
            WHEN accounts.id = (SELECT last_account_id FROM users WHERE users.id = $1) THEN 0
            WHEN accounts.kind = 'personal' THEN 1 ELSE 2 END LIMIT 1";
    PERSONAL_OF = "SELECT id FROM accounts WHERE primary_owner_id = $1 AND kind = 'personal'";
    BY_SLUG = "SELECT id, slug, name, kind, created_at, 'primary-owner' AS role, primary_owner_id FROM accounts WHERE slug = $1";
    PROFILE = "SELECT accounts.name AS name, accounts.kind AS kind, users.email AS email, accounts.created_at AS created_at
        FROM accounts JOIN users ON users.id = accounts.primary_owner_id WHERE accounts.id = $1";
    OWNER_NAME = "SELECT users.name FROM accounts JOIN users ON users.id = accounts.primary_owner_id WHERE accounts.id = $1";
    /// Locks the account against other transactions that call this; changes nothing.
    LOCK = "UPDATE accounts SET kind = kind WHERE id = $1";
}

/// Kind of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Personal: of one person, created with them.
    Personal,
    /// A team.
    Team,
}

impl Kind {
    const fn id(self) -> &'static str {
        match self {
            Self::Personal => "personal",
            Self::Team => "team",
        }
    }
}

/// An account.
#[derive(Clone, Debug)]
pub struct Account {
    /// Id.
    pub id: AccountId,
    /// Slug: its name in URLs.
    pub slug: String,
    /// Name for display.
    pub name: String,
    /// Whom it is for.
    pub kind: Kind,
    /// When it was created.
    pub created_at: Timestamp,
}

/// An account, and a member's role in it.
#[derive(Clone, Debug)]
pub struct Joined {
    /// The account.
    pub account: Account,
    /// The member's role.
    pub role: Role,
}

/// The data of `GET /v1/user/account`.
#[derive(Debug)]
pub struct Profile {
    /// Name for display.
    pub name: String,
    /// Whether it is a personal account.
    pub is_personal: bool,
    /// Email of its primary owner.
    pub email: String,
    /// When it was created.
    pub created_at: Timestamp,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: String,
    slug: String,
    name: String,
    kind: String,
    created_at: i64,
    role: String,
}

fn kind(text: &str) -> Result<Kind, StoreError> {
    [Kind::Personal, Kind::Team]
        .into_iter()
        .find(|kind| kind.id() == text)
        .ok_or(StoreError::Unreadable("accounts.kind"))
}

impl TryFrom<Row> for Joined {
    type Error = StoreError;
    fn try_from(row: Row) -> Result<Self, StoreError> {
        Ok(Self {
            role: Role::from_id(&row.role).ok_or(StoreError::Unreadable("memberships.role"))?,
            account: Account {
                id: row
                    .id
                    .parse()
                    .map_err(|_| StoreError::Unreadable("accounts.id"))?,
                slug: row.slug,
                name: row.name,
                kind: kind(&row.kind)?,
                created_at: Timestamp::from_millis(row.created_at),
            },
        })
    }
}

/// The table.
pub struct Accounts<'c>(pub(super) Conn<'c>);

impl Accounts<'_> {
    /// Adds an account with its primary owner.
    ///
    /// # Errors
    /// `Taken(Slug)` when another account has the slug.
    pub async fn insert(self, account: &Account, owner: UserId) -> Result<(), StoreError> {
        on!(self.0, c => {
            sqlx::query(INSERT)
                .bind(account.id.to_string())
                .bind(&account.slug)
                .bind(&account.name)
                .bind(account.kind.id())
                .bind(owner.to_string())
                .bind(account.created_at.millis())
                .execute(c)
                .await?;
        });
        Ok(())
    }

    /// The account with this slug, if `user` is a member.
    pub async fn of_user_by_slug(self, user: UserId, slug: &str) -> Result<Option<Joined>, StoreError> {
        let row = on!(self.0, c => {
            sqlx::query_as::<_, Row>(OF_USER_BY_SLUG).bind(user.to_string()).bind(slug).fetch_optional(c).await?
        });
        row.map(TryInto::try_into).transpose()
    }

    /// All accounts of `user`: the personal one, then the teams by name.
    pub async fn of_user(self, user: UserId) -> Result<Vec<Joined>, StoreError> {
        let rows =
            on!(self.0, c => sqlx::query_as::<_, Row>(OF_USER).bind(user.to_string()).fetch_all(c).await?);
        let mut joined: Vec<Joined> = rows
            .into_iter()
            .map(TryInto::try_into)
            .collect::<Result<_, _>>()?;
        // Sorted here, because the engines have different lower cases and collations.
        joined.sort_by_cached_key(|joined| {
            let account = &joined.account;
            (account.kind != Kind::Personal, search::fold(&account.name))
        });
        Ok(joined)
    }

    /// Number of accounts of `user`.
    pub async fn count_of_user(self, user: UserId) -> Result<u64, StoreError> {
        let count: i64 =
            on!(self.0, c => sqlx::query_scalar(COUNT_OF_USER).bind(user.to_string()).fetch_one(c).await?);
        Ok(count.unsigned_abs())
    }

    /// The account that `user` visited last, or their personal one.
    pub async fn home(self, user: UserId) -> Result<Option<Joined>, StoreError> {
        let row =
            on!(self.0, c => sqlx::query_as::<_, Row>(HOME).bind(user.to_string()).fetch_optional(c).await?);
        row.map(TryInto::try_into).transpose()
    }

    /// The personal account of a person.
    pub async fn personal_of(self, user: UserId) -> Result<Option<AccountId>, StoreError> {
        let id: Option<String> = on!(self.0, c => {
            sqlx::query_scalar(PERSONAL_OF).bind(user.to_string()).fetch_optional(c).await?
        });
        let id = id.map(|id| id.parse()).transpose();
        id.map_err(|_| StoreError::Unreadable("accounts.id"))
    }

    /// The account with this slug, and its primary owner, for the server operator.
    pub async fn by_slug(self, slug: &str) -> Result<Option<(Account, UserId)>, StoreError> {
        #[derive(sqlx::FromRow)]
        struct Owned {
            #[sqlx(flatten)]
            row: Row,
            primary_owner_id: String,
        }
        let found = on!(self.0, c => sqlx::query_as::<_, Owned>(BY_SLUG).bind(slug).fetch_optional(c).await?);
        found
            .map(
                |Owned {
                     row,
                     primary_owner_id,
                 }| {
                    let owner = primary_owner_id.parse();
                    let owner = owner.map_err(|_| StoreError::Unreadable("accounts.primary_owner_id"))?;
                    Ok((Joined::try_from(row)?.account, owner))
                },
            )
            .transpose()
    }

    /// The data of an account for the machine API.
    pub async fn profile(self, account: AccountId) -> Result<Option<Profile>, StoreError> {
        type Columns = (String, String, String, i64);
        let row = on!(self.0, c => {
            sqlx::query_as::<_, Columns>(PROFILE).bind(account.to_string()).fetch_optional(c).await?
        });
        row.map(|(name, kind_id, email, created_at)| {
            Ok(Profile {
                name,
                is_personal: kind(&kind_id)? == Kind::Personal,
                email,
                created_at: Timestamp::from_millis(created_at),
            })
        })
        .transpose()
    }

    /// Name of the account's primary owner.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn owner_name(self, account: AccountId) -> Result<Option<String>, StoreError> {
        Ok(
            on!(self.0, c => sqlx::query_scalar(OWNER_NAME).bind(account.to_string()).fetch_optional(c).await?),
        )
    }

    /// Locks the account, so that only one transaction at a time counts what it has and adds to it.
    pub async fn lock(self, account: AccountId) -> Result<(), StoreError> {
        let account = account.to_string();
        match self.0 {
            Conn::Sqlite(conn) => {
                sqlx::query(LOCK).bind(account).execute(conn).await?;
            }
            Conn::Postgres(conn) => {
                let turns = Turns::join(conn).await?;
                while let Err(error) = sqlx::query(LOCK).bind(&account).execute(&mut *conn).await {
                    turns.again(conn, error).await?;
                }
                turns.leave(conn).await?;
            }
        }
        Ok(())
    }
}
