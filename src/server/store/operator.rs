//! Queries of the server operator's commands: people, teams and keys of the whole server, in pages and steps
//! of bounded size (docs/security.md, S85).

use super::{
    Conn, StoreError,
    accounts::Account,
    answered, declare,
    keys::{Row as KeyRow, columns},
    on,
};
use crate::domain::{
    email::Email,
    ids::{AccountId, KeyId, UserId},
    key::Key,
    page::Cursor,
    role::Role,
    time::Timestamp,
};

declare! {
    SOMEBODY = "SELECT EXISTS (SELECT 1 FROM users)";
    PEOPLE = "SELECT id, name, email, created_at,
            (SELECT COUNT(*) FROM sessions WHERE sessions.user_id = users.id AND sessions.ends_at > $3) AS sessions,
            email_key AS cursor
        FROM users WHERE email_key > $1 ORDER BY email_key LIMIT $2";
    PERSON = "SELECT id, name, email, created_at,
            (SELECT COUNT(*) FROM sessions WHERE sessions.user_id = users.id AND sessions.ends_at > $2) AS sessions,
            email_key AS cursor
        FROM users WHERE email_key = $1";
    MEMBER = "SELECT role, created_at FROM memberships WHERE account_id = $1 AND user_id = $2";
    MEMBERS = "SELECT users.id AS id, users.name AS name, users.email AS email, memberships.role AS role,
            memberships.created_at AS since
        FROM memberships JOIN users ON users.id = memberships.user_id
        WHERE memberships.account_id = $1 AND memberships.user_id > $2 ORDER BY memberships.user_id LIMIT $3";
    ACCOUNTS = "SELECT id, slug, name FROM accounts WHERE slug > $1 ORDER BY slug LIMIT $2";
    ACCOUNT_OF_KEY = "SELECT accounts.id AS id, accounts.slug AS slug, accounts.name AS name
        FROM api_keys JOIN accounts ON accounts.id = api_keys.account_id
        WHERE api_keys.id = $1 AND api_keys.deleted_at IS NULL";
    KEYS = concat!("SELECT listed.*, users.name AS creator_name, users.email AS creator_email
        FROM (
            SELECT ", columns!(), "
            FROM api_keys WHERE account_id = $1 AND deleted_at IS NULL AND (created_at, id) < ($2, $3)
            ORDER BY created_at DESC, id DESC LIMIT $4
        ) AS listed
        LEFT JOIN users ON users.id = listed.creator_id ORDER BY listed.created_at DESC, listed.id DESC");
    COUNT_LIVE = "SELECT COUNT(*) FROM api_keys
        WHERE (deleted_at IS NULL AND revoked_at IS NULL
            AND (expires_at IS NULL OR expires_at > $1) AND (grace_ends_at IS NULL OR grace_ends_at > $1))";
    LIVE_OF_ACCOUNT = "SELECT id, created_at FROM api_keys
        WHERE account_id = $1 AND (created_at, id) < ($3, $4)
            AND (deleted_at IS NULL AND revoked_at IS NULL
                AND (expires_at IS NULL OR expires_at > $2) AND (grace_ends_at IS NULL OR grace_ends_at > $2))
        ORDER BY created_at DESC, id DESC LIMIT $5";
}

/// PostgreSQL only, because SQLite has one writing transaction at a time.
const LOCK_PEOPLE: &str = "LOCK TABLE users IN SHARE ROW EXCLUSIVE MODE";

/// A person in a list.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Person {
    id: String,
    /// Name for display.
    pub name: String,
    /// Email as typed at sign-up.
    pub email: String,
    created_at: i64,
    sessions: i64,
    /// Cursor for the next page.
    pub cursor: String,
}

impl Person {
    /// Id.
    pub fn id(&self) -> Result<UserId, StoreError> {
        self.id.parse().map_err(|_| StoreError::Unreadable("users.id"))
    }

    /// When they signed up.
    #[must_use]
    pub const fn since(&self) -> Timestamp {
        Timestamp::from_millis(self.created_at)
    }

    /// Number of browsers in which they are signed in.
    #[must_use]
    pub const fn sessions(&self) -> u64 {
        self.sessions.unsigned_abs()
    }
}

/// A member of a team who is not its primary owner.
#[derive(Clone, Debug)]
pub struct Member {
    /// Id; also the cursor for the next page.
    pub user: UserId,
    /// Name for display.
    pub name: String,
    /// Email as typed at sign-up.
    pub email: String,
    /// Their role.
    pub role: Role,
    /// When they joined.
    pub since: Timestamp,
}

/// An account in a list.
#[derive(Clone, Debug)]
pub struct Named {
    /// Id.
    pub id: AccountId,
    /// Slug: its name in URLs.
    pub slug: String,
    /// Name for display.
    pub name: String,
}

impl From<Account> for Named {
    fn from(account: Account) -> Self {
        Self {
            id: account.id,
            slug: account.slug,
            name: account.name,
        }
    }
}

/// Cursor in the keys of an account: creation time and id.
#[derive(Clone, Copy, Debug)]
pub struct KeyCursor {
    /// Its id.
    pub id: KeyId,
    /// When it was created.
    pub at: Timestamp,
}

/// A key, and the name and email of its creator.
#[derive(Clone, Debug)]
pub struct ListedKey {
    /// The key.
    pub key: Key,
    /// `None` once its creator is deleted.
    pub creator: Option<(String, String)>,
}

#[derive(sqlx::FromRow)]
struct MemberRow {
    id: String,
    name: String,
    email: String,
    role: String,
    since: i64,
}

#[derive(sqlx::FromRow)]
struct NamedRow {
    id: String,
    slug: String,
    name: String,
}

#[derive(sqlx::FromRow)]
struct ListedRow {
    #[sqlx(flatten)]
    key: KeyRow,
    creator_name: Option<String>,
    creator_email: Option<String>,
}

fn role(id: &str) -> Result<Role, StoreError> {
    Role::from_id(id).ok_or(StoreError::Unreadable("memberships.role"))
}

impl TryFrom<NamedRow> for Named {
    type Error = StoreError;
    fn try_from(row: NamedRow) -> Result<Self, StoreError> {
        Ok(Self {
            id: row
                .id
                .parse()
                .map_err(|_| StoreError::Unreadable("accounts.id"))?,
            slug: row.slug,
            name: row.name,
        })
    }
}

/// Queries of the commands.
pub struct Operator<'c>(pub(super) Conn<'c>);

impl Operator<'_> {
    /// Whether any person has signed up on this server.
    pub async fn has_people(self) -> Result<bool, StoreError> {
        Ok(on!(self.0, c => sqlx::query_scalar(SOMEBODY).fetch_one(c).await?))
    }

    /// Blocks all other sign-ups until this transaction ends.
    pub async fn lock_people(self) -> Result<(), StoreError> {
        if let Conn::Postgres(c) = self.0 {
            answered(async { Ok::<_, StoreError>(sqlx::query(LOCK_PEOPLE).execute(c).await?) }).await?;
        }
        Ok(())
    }

    /// The next `limit` people after a cursor, ordered by email.
    pub async fn people(self, after: &str, now: Timestamp, limit: u32) -> Result<Vec<Person>, StoreError> {
        Ok(on!(self.0, c => {
            sqlx::query_as(PEOPLE).bind(after).bind(i64::from(limit)).bind(now.millis()).fetch_all(c).await?
        }))
    }

    /// The person with this email.
    pub async fn person(self, email: &Email, now: Timestamp) -> Result<Option<Person>, StoreError> {
        Ok(on!(self.0, c => {
            sqlx::query_as(PERSON).bind(email.key()).bind(now.millis()).fetch_optional(c).await?
        }))
    }

    /// Role of a member who is not the primary owner, and when they joined.
    pub async fn member(
        self,
        account: AccountId,
        user: UserId,
    ) -> Result<Option<(Role, Timestamp)>, StoreError> {
        let row: Option<(String, i64)> = on!(self.0, c => {
            sqlx::query_as(MEMBER).bind(account.to_string()).bind(user.to_string()).fetch_optional(c).await?
        });
        row.map(|(id, since)| Ok((role(&id)?, Timestamp::from_millis(since))))
            .transpose()
    }

    /// The next `limit` members of a team, without its primary owner.
    pub async fn members(
        self,
        account: AccountId,
        after: Option<UserId>,
        limit: u32,
    ) -> Result<Vec<Member>, StoreError> {
        let rows: Vec<MemberRow> = on!(self.0, c => {
            sqlx::query_as(MEMBERS)
                .bind(account.to_string())
                .bind(after.map_or_else(String::new, |id| id.to_string()))
                .bind(i64::from(limit))
                .fetch_all(c)
                .await?
        });
        rows.into_iter()
            .map(|row| {
                Ok(Member {
                    user: row.id.parse().map_err(|_| StoreError::Unreadable("users.id"))?,
                    name: row.name,
                    email: row.email,
                    role: role(&row.role)?,
                    since: Timestamp::from_millis(row.since),
                })
            })
            .collect()
    }

    /// The next `limit` accounts after a cursor, ordered by slug.
    pub async fn accounts(self, after: &str, limit: u32) -> Result<Vec<Named>, StoreError> {
        let rows: Vec<NamedRow> = on!(self.0, c => {
            sqlx::query_as(ACCOUNTS).bind(after).bind(i64::from(limit)).fetch_all(c).await?
        });
        rows.into_iter().map(TryInto::try_into).collect()
    }

    /// The account of a key.
    pub async fn account_of_key(self, key: KeyId) -> Result<Option<Named>, StoreError> {
        let row: Option<NamedRow> = on!(self.0, c => {
            sqlx::query_as(ACCOUNT_OF_KEY).bind(key.to_string()).fetch_optional(c).await?
        });
        row.map(TryInto::try_into).transpose()
    }

    /// Keys of an account created before a cursor, newest first; without a cursor, the newest ones.
    pub async fn keys(
        self,
        account: AccountId,
        before: Option<&Key>,
        limit: u32,
    ) -> Result<Vec<ListedKey>, StoreError> {
        let cursor = before.map(|key| Cursor {
            at: key.created_at,
            id: key.id.uuid(),
        });
        let (at, id) = Cursor::older_than(cursor);
        let rows: Vec<ListedRow> = on!(self.0, c => {
            sqlx::query_as(KEYS)
                .bind(account.to_string())
                .bind(at)
                .bind(id)
                .bind(i64::from(limit))
                .fetch_all(c)
                .await?
        });
        rows.into_iter()
            .map(|row| {
                Ok(ListedKey {
                    key: row.key.try_into()?,
                    creator: row.creator_name.zip(row.creator_email),
                })
            })
            .collect()
    }

    /// Number of keys of the whole server that are live at `now`.
    pub async fn count_live(self, now: Timestamp) -> Result<u64, StoreError> {
        let count: i64 =
            on!(self.0, c => sqlx::query_scalar(COUNT_LIVE).bind(now.millis()).fetch_one(c).await?);
        Ok(count.unsigned_abs())
    }

    /// Keys of an account that are live at `now` and were created before a cursor, newest first, at most
    /// `limit`; without a cursor, the newest ones. All steps together read each key of the account once.
    pub async fn live_keys(
        self,
        account: AccountId,
        now: Timestamp,
        before: Option<KeyCursor>,
        limit: u32,
    ) -> Result<Vec<KeyCursor>, StoreError> {
        let cursor = before.map(|key| Cursor {
            at: key.at,
            id: key.id.uuid(),
        });
        let (at, id) = Cursor::older_than(cursor);
        let rows: Vec<(String, i64)> = on!(self.0, c => {
            sqlx::query_as(LIVE_OF_ACCOUNT)
                .bind(account.to_string())
                .bind(now.millis())
                .bind(at)
                .bind(id)
                .bind(i64::from(limit))
                .fetch_all(c)
                .await?
        });
        rows.into_iter()
            .map(|(id, at)| {
                Ok(KeyCursor {
                    id: id.parse().map_err(|_| StoreError::Unreadable("api_keys.id"))?,
                    at: Timestamp::from_millis(at),
                })
            })
            .collect()
    }
}
