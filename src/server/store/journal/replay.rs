//! Replays the journal into an older database file, so that what has ended since stays ended.

use super::line::{Entry, Key, Member, Person};
use crate::server::store::{StoreError, engine::dialect};
use sqlx::{Connection as _, SqliteConnection};

const KEY: &str =
    "UPDATE api_keys SET revoked_at = $3, leak_reported_at = $4, deleted_at = $5, rotated_at = $6,
        grace_ends_at = $7, prefix = $8, hash = $9, pepper_version = $10
    WHERE account_id = $1 AND id = $2";
/// The key may be stored under a pepper version that the older database lacks.
const CHECK: &str =
    "INSERT INTO pepper_checks (version, check_value) VALUES ($1, $2) ON CONFLICT (version) DO NOTHING";
const HAS_KEY: &str = "SELECT EXISTS (SELECT 1 FROM api_keys WHERE account_id = $1 AND id = $2)";
const LEAVE: &str = "DELETE FROM memberships WHERE account_id = $1 AND user_id = $2";
/// Only if the older database has the team and the person.
const JOIN: &str = "INSERT INTO memberships (account_id, user_id, role, created_at)
    SELECT accounts.id, users.id, $3, $4 FROM accounts JOIN users ON users.id = $2
        WHERE accounts.id = $1 AND accounts.primary_owner_id <> users.id
    ON CONFLICT (account_id, user_id) DO UPDATE SET role = excluded.role, created_at = excluded.created_at";
const PASSWORD: &str = "UPDATE users SET password_hash = $2 WHERE id = $1";
const COUNT: &str = "UPDATE key_changes SET epoch = $1 WHERE id = 1 AND epoch < $1";
const SESSIONS: &str = "DELETE FROM sessions WHERE id_hash IN (SELECT id_hash FROM sessions LIMIT 1000)";

/// Result of a replay.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Replayed {
    pub(super) keys: u64,
    pub(super) members: u64,
    pub(super) people: u64,
    pub(super) sessions: u64,
    /// Time of the first entry, in milliseconds since 1970.
    pub(super) since: Option<i64>,
}

/// Ends all sessions. Runs before the entries are replayed: if the process is killed in between, the next start runs
/// it again.
pub(super) async fn end_sessions(
    conn: &mut SqliteConnection,
    replayed: &mut Replayed,
) -> Result<(), sqlx::Error> {
    loop {
        match sqlx::query(SESSIONS).execute(&mut *conn).await?.rows_affected() {
            0 => return Ok(()),
            ended => replayed.sessions += ended,
        }
    }
}

/// Sets the change counter to `number`, so that the next change comes after all entries of the journal.
pub(super) async fn set_counter(conn: &mut SqliteConnection, number: i64) -> Result<(), sqlx::Error> {
    sqlx::query(COUNT).bind(number).execute(conn).await.map(drop)
}

/// Replays entries in one transaction, which sets the change counter to the last of them.
pub(super) async fn step(
    conn: &mut SqliteConnection,
    entries: &[Entry],
    replayed: &mut Replayed,
) -> Result<(), StoreError> {
    let mut tx = conn.begin_with(dialect::SQLITE_BEGIN).await?;
    let mut totals = *replayed;
    for entry in entries {
        totals.since.get_or_insert(entry.at);
        for key in &entry.keys {
            totals.keys += replay_key(&mut tx, key).await?;
        }
        for member in &entry.members {
            totals.members += replay_member(&mut tx, member).await?;
        }
        for person in &entry.people {
            totals.people += replay_person(&mut tx, person).await?;
        }
        set_counter(&mut tx, entry.number).await?;
    }
    tx.commit().await?;
    *replayed = totals;
    Ok(())
}

async fn replay_key(conn: &mut SqliteConnection, key: &Key) -> Result<u64, StoreError> {
    let bytes =
        |digits: &str| hex::decode(digits).map_err(|_| StoreError::Unreadable("a hash in the journal"));
    let (hash, check) = (bytes(&key.hash)?, bytes(&key.check)?);
    let (account, id) = (key.account.to_string(), key.id.to_string());
    let has_key: bool = sqlx::query_scalar(HAS_KEY)
        .bind(&account)
        .bind(&id)
        .fetch_one(&mut *conn)
        .await?;
    if !has_key {
        return Ok(0);
    }
    sqlx::query(CHECK)
        .bind(key.pepper)
        .bind(check)
        .execute(&mut *conn)
        .await?;
    let done = sqlx::query(KEY)
        .bind(account)
        .bind(id)
        .bind(key.revoked)
        .bind(key.leaked)
        .bind(key.deleted)
        .bind(key.rotated)
        .bind(key.grace)
        .bind(&key.prefix)
        .bind(hash)
        .bind(key.pepper)
        .execute(conn)
        .await?;
    Ok(done.rows_affected())
}

async fn replay_member(conn: &mut SqliteConnection, member: &Member) -> Result<u64, sqlx::Error> {
    let (account, user) = (member.account.to_string(), member.user.to_string());
    let done = match &member.role {
        None => sqlx::query(LEAVE).bind(account).bind(user).execute(conn).await?,
        Some(role) => {
            sqlx::query(JOIN)
                .bind(account)
                .bind(user)
                .bind(role)
                .bind(member.since.unwrap_or_default())
                .execute(conn)
                .await?
        }
    };
    Ok(done.rows_affected())
}

async fn replay_person(conn: &mut SqliteConnection, person: &Person) -> Result<u64, sqlx::Error> {
    let done = sqlx::query(PASSWORD)
        .bind(person.user.to_string())
        .bind(&person.password)
        .execute(conn)
        .await?;
    Ok(done.rows_affected())
}
